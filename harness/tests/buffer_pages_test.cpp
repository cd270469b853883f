#include "harness/buffer_pages.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace ipcmark {
namespace {

constexpr const char* kMaps =
    "55c0 default file=/usr/bin/ipcmark mapped=5 N7=5 kernelpagesize_kB=4\n"
    "55d0 default heap anon=3 dirty=3 N0=2 N1=1 kernelpagesize_kB=4\n"
    "7f00 default file=/memfd:ipcmark\\040(deleted) huge dirty=1 N1=1 kernelpagesize_kB=2048\n"
    "7f10 default file=/memfd:ipcmark-stage\\040(deleted) dirty=9 N5=9 kernelpagesize_kB=4\n"
    "7f20 default file=/SYSV0001c0de\\040(deleted) dirty=1 N3=1 kernelpagesize_kB=4\n"
    "7f30 default file=/tmp/ipcmark-77-x/ring dirty=1 N2=1 kernelpagesize_kB=4\n"
    "7f40 default\n"
    "7fff default stack anon=4 dirty=4 N6=4 kernelpagesize_kB=4\n";

TEST(BufferPages, tell_own_memory_from_shared_and_leave_out_the_harness_and_the_program) {
  const auto json = to_json(parse_numa_maps(kMaps, "ipcmark-77"))["buffers"];
  EXPECT_EQ(json["own"]["nodes"], (std::vector<int>{0, 1}));
  EXPECT_EQ(json["own"]["page_bytes"], (std::vector<int>{4096}));
  EXPECT_EQ(json["shared"]["nodes"], (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(json["shared"]["page_bytes"], (std::vector<int>{4096, 2 << 20}));
}

TEST(BufferPages, memory_that_nobody_touched_is_nowhere) {
  EXPECT_TRUE(to_json(parse_numa_maps("7f40 default\n", "x"))["buffers"]["own"].is_null());
}

TEST(BufferPages, say_why_nothing_is_known) {
  const auto json = to_json(buffer_pages_now("x", "/nonexistent"));
  EXPECT_TRUE(json["buffers"].is_null());
  EXPECT_EQ(json["buffers_missing"], "read /proc/self/numa_maps: No such file or directory");
}

TEST(BufferPages, find_a_shared_page_of_this_process) {
  if (::access("/proc/self/numa_maps", R_OK) != 0) GTEST_SKIP() << std::strerror(errno);
  const int fd = ::memfd_create("ipcmark", MFD_CLOEXEC);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::ftruncate(fd, 4096), 0);
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ASSERT_NE(page, MAP_FAILED);
  WatchedPages pages;  // sees by the fault that it must look again
  const auto before = pages.now("ipcmark-none");
  std::memset(page, 1, 4096);
  const auto after = pages.now("ipcmark-none");
  EXPECT_EQ(before.shared.nodes, 0u);
  EXPECT_NE(after.shared.nodes, 0u);
  EXPECT_EQ(after.shared.page_bytes, static_cast<std::uint64_t>(::getpagesize()));
  ::munmap(page, 4096);
  ::close(fd);
}

}  // namespace
}  // namespace ipcmark
