#include "harness/canary_book.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/schedule.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

std::vector<json> launch(std::uint32_t block, int number, double canary_ns) {
  return {{{"launch_id", fmt::format("b{:03}-l{:04}", block, number)},
           {"block", block},
           {"case", {{"placement", "same_llc"}}},
           {"canary", {{"before_ns", canary_ns}, {"after_ns", canary_ns}}}}};
}

// A block of ten launches at 100 ns or so, and those that are not.
CanaryBook book_with(std::uint32_t blocks, const std::map<int, double>& odd) {
  CanaryBook book(1);
  for (std::uint32_t block = 0; block < blocks; ++block) {
    for (int i = 0; i < 10; ++i) {
      const auto found = odd.find(static_cast<int>(block) * 10 + i);
      book.note(launch(block, i, found == odd.end() ? 100 + i % 3 : found->second));
    }
  }
  return book;
}

std::vector<std::string> ids(const std::vector<Contaminated>& found) {
  std::vector<std::string> all;
  for (const auto& one : found) all.push_back(one.launch_id);
  return all;
}

TEST(CanaryBook, condemns_launches_of_the_block_the_worst_first) {
  const auto book = book_with(3, {{12, 120}, {15, 150}, {21, 130}});
  EXPECT_EQ(ids(book.judge(1)), (std::vector<std::string>{"b001-l0005", "b001-l0002"}));
  EXPECT_EQ(book.judge(1).front().why, "off");
  EXPECT_TRUE(book.judge(0).empty());
}

TEST(CanaryBook, condemns_nobody_where_the_canary_has_levels) {
  EXPECT_TRUE(book_with(3, {{12, 500}, {15, 510}, {21, 505}, {5, 500}}).judge(2).empty());
}

TEST(CanaryBook, judges_a_block_alike_whatever_came_after_it) {
  auto book = book_with(2, {{12, 120}});
  const auto before = ids(book.judge(1));
  for (int i = 0; i < 10; ++i) book.note(launch(2, i, 500));
  EXPECT_EQ(ids(book.judge(1)), before);
}

TEST(CanaryBook, what_was_run_again_stays_condemned_and_out_of_the_history) {
  auto book = book_with(2, {});
  auto again = launch(1, 3, 900);
  again[0]["launch_id"] = "b001-l0003-again";
  again[0]["supersedes"] = {{"launch_id", "b001-l0003"}, {"why", "moved"}};
  book.note(again);
  ASSERT_EQ(ids(book.judge(1)), (std::vector<std::string>{"b001-l0003"}));
  EXPECT_EQ(book.judge(1).front().why, "moved");
}

TEST(CanaryBook, a_tenth_of_the_launches_may_be_run_again) {
  const auto book = book_with(3, {});
  EXPECT_TRUE(book.may_repeat(0, 0));
  EXPECT_FALSE(book.may_repeat(0, 1));
  EXPECT_TRUE(book.may_repeat(2, 2));
  EXPECT_FALSE(book.may_repeat(2, 3));
}

TEST(CanaryBook, a_launch_without_a_canary_is_not_judged) {
  CanaryBook book(1);
  for (int i = 0; i < 30; ++i) {
    auto records = launch(0, i, 100);
    records[0]["canary"] = nullptr;
    book.note(records);
  }
  EXPECT_TRUE(book.judge(0).empty());
}

TEST(CanaryBook, a_launch_that_is_run_again_names_the_one_it_supersedes) {
  const auto again = repeated({.id = "b001-l0003", .block = 1, .seed = 7, .plan = {}}, "off");
  EXPECT_EQ(again.id, "b001-l0003-again");
  EXPECT_EQ(again.supersedes, "b001-l0003");
  EXPECT_EQ(again.seed, 7u);
}

}  // namespace
}  // namespace ipcmark
