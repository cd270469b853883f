#include "harness/text_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace ipcmark {
namespace {

using Words = std::vector<std::string_view>;

TEST(TextFileTest, reads_all_of_a_file_and_none_of_a_missing_one) {
  const auto path = std::filesystem::path(testing::TempDir()) / "ipcmark_text_file";
  const std::string text(100'000, 'x');
  std::ofstream(path) << text << " \n";
  EXPECT_EQ(read_text(path), text + " \n");
  EXPECT_EQ(read_knob(path), text);
  std::filesystem::remove(path);
  EXPECT_FALSE(read_text(path).has_value());
  EXPECT_FALSE(read_text(testing::TempDir()).has_value()) << "a folder has no text";
}

TEST(TextFileTest, cuts_lines_and_words) {
  EXPECT_EQ(lines_of("a\n\nb\n"), (Words{"a", "", "b"}));
  EXPECT_EQ(lines_of("a\nb"), (Words{"a", "b"}));
  EXPECT_TRUE(lines_of("").empty());
  EXPECT_EQ(words_of("  a\t b \n"), (Words{"a", "b"}));
  EXPECT_TRUE(words_of(" \n").empty());
  EXPECT_EQ(trimmed(" a b\n"), "a b");
}

}  // namespace
}  // namespace ipcmark
