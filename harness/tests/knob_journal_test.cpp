#include "harness/knob_journal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace ipcmark {
namespace {

namespace fs = std::filesystem;

class Knobs : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "knobs-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(root_ / "sys/kernel");
    fs::create_directories(root_ / "etc");
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name) << text;
  }
  std::string read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(root_ / name).rdbuf();
    return text.str();
  }

  fs::path root_;
};

TEST_F(Knobs, go_back_to_what_they_were_before_the_first_change) {
  write("sys/kernel/enabled", "3333");
  write("journal", "/sys/kernel/enabled 1111\n/sys/kernel/enabled 2222\n");
  const auto said = restore_knobs(root_ / "journal", root_);
  EXPECT_EQ(said, (std::vector<std::string>{"restored /sys/kernel/enabled to 2222",
                                            "restored /sys/kernel/enabled to 1111"}));
  EXPECT_EQ(read("sys/kernel/enabled"), "1111");
  EXPECT_FALSE(fs::exists(root_ / "journal"));
}

TEST_F(Knobs, that_cannot_be_written_stay_in_the_journal) {
  write("journal", "/sys/kernel/gone some value\n");
  const auto said = restore_knobs(root_ / "journal", root_);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0],
            "cannot restore /sys/kernel/gone to some value: open: No such file or directory");
  EXPECT_EQ(read("journal"), "/sys/kernel/gone some value\n");
}

TEST_F(Knobs, are_files_of_proc_and_sys_and_nothing_else) {
  write("etc/passwd", "mine");
  write("journal", "/etc/passwd theirs\n/sys/../etc/passwd theirs\netc theirs\nnonsense\n");
  EXPECT_TRUE(restore_knobs(root_ / "journal", root_).empty());
  EXPECT_EQ(read("etc/passwd"), "mine");
}

TEST_F(Knobs, nothing_was_changed_when_there_is_no_journal) {
  EXPECT_TRUE(restore_knobs(root_ / "journal", root_).empty());
}

}  // namespace
}  // namespace ipcmark
