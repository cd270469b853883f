#include "harness/build_info.hpp"

#include <gtest/gtest.h>

#include "harness/tests/fake_root.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

TEST(BuildInfoTest, the_loaded_program_and_its_file_have_the_same_id) {
  const auto own = own_build_id();
  if (!own) GTEST_SKIP() << "linked without --build-id";
  EXPECT_GE(own->size(), 16U);
  EXPECT_EQ(file_build_id("/proc/self/exe"), own);
  EXPECT_EQ(build_info().program_id, *own);
}

TEST(BuildInfoTest, what_is_no_elf_file_has_no_id) {
  const FakeRoot root;
  root.put("text",
           "not a program at all, but long enough for an ELF header to fit in here, "
           "as is right and proper for a test");
  root.put("empty", "");
  EXPECT_FALSE(file_build_id(root.path() / "text").has_value());
  EXPECT_FALSE(file_build_id(root.path() / "empty").has_value());
  EXPECT_FALSE(file_build_id(root.path() / "missing").has_value());
}

TEST(BuildInfoTest, a_truncated_program_is_not_read_past_its_end) {
  const auto program = read_text("/proc/self/exe");
  ASSERT_TRUE(program.has_value());
  const FakeRoot root;
  for (const std::size_t bytes : {8U, 64U, 100U, 200U, 700U}) {
    root.put("part", std::string_view(*program).substr(0, bytes));
    (void)file_build_id(root.path() / "part");  // asan and valgrind watch
  }
}

TEST(BuildInfoTest, a_dirty_tree_shows_in_the_commit) {
  EXPECT_TRUE(BuildInfo{.commit = "1234abc-dirty"}.dirty());
  EXPECT_FALSE(BuildInfo{.commit = "1234abc"}.dirty());
}

}  // namespace
}  // namespace ipcmark
