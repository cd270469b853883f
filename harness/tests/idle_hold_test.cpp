#include "harness/idle_hold.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/fact_parsers.hpp"
#include "harness/tests/fake_root.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

bool device_is_open() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the iterator's own descriptor
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (target == "/dev/cpu_dma_latency") return true;
  }
  return false;
}

TEST(IdleHoldTest, writes_a_binary_latency_and_default_writes_nothing) {
  const FakeRoot root;
  const auto device = root.path() / "device";
  root.put("device", "old");
  { const IdleHold hold(Idle::default_, device); }
  EXPECT_EQ(read_text(device), "old");
  { const IdleHold hold(Idle::c1, device); }
  EXPECT_EQ(read_text(device), std::string("\x02\0\0\0", 4));
  { const IdleHold hold(Idle::polling, device); }
  EXPECT_EQ(read_text(device), std::string("\0\0\0\0", 4));
}

TEST(IdleHoldTest, what_cannot_be_had_says_the_call_and_the_errno) {
  EXPECT_NO_THROW(IdleHold(Idle::default_, "/nonexistent/device"));
  try {
    const IdleHold hold(Idle::c1, "/nonexistent/device");
    ADD_FAILURE() << "held what does not exist";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_STREQ(error.what(), "open /nonexistent/device: No such file or directory");
  }
  EXPECT_THROW(IdleHold(Idle::polling, "/dev/full"), std::system_error) << "a failing write";
}

TEST(IdleHoldTest, the_kernel_takes_it_and_forgets_it) {
  if (::access("/dev/cpu_dma_latency", W_OK) != 0)
    GTEST_SKIP() << "/dev/cpu_dma_latency: no access";
  {
    const IdleHold hold(Idle::c1);
    EXPECT_TRUE(device_is_open());
    EXPECT_LE(dma_latency_access("/")["us"], 2);
  }
  EXPECT_FALSE(device_is_open()) << "the kernel keeps the request as long as the descriptor";
}

}  // namespace
}  // namespace ipcmark
