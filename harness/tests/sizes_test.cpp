#include "harness/sizes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace ipcmark {
namespace {

std::vector<std::uint32_t> drawn(const std::string& name, std::uint64_t largest,
                                 std::uint64_t seed = 1) {
  std::vector<std::uint32_t> all(20'000);
  sizes::draw(name, largest, seed, all);
  return all;
}

double share_up_to(const std::vector<std::uint32_t>& all, std::uint32_t bytes) {
  const auto count = std::ranges::count_if(all, [&](std::uint32_t size) { return size <= bytes; });
  return static_cast<double>(count) / static_cast<double>(all.size());
}

TEST(Sizes, are_the_seeds_and_within_what_was_asked) {
  for (const std::string& name : sizes::words()) {
    const auto all = drawn(name, 65'536);
    EXPECT_EQ(all, drawn(name, 65'536)) << name;
    if (name != "one") {
      EXPECT_NE(all, drawn(name, 65'536, 2)) << name;
    }
    EXPECT_GE(*std::ranges::min_element(all), 1u) << name;
    EXPECT_LE(*std::ranges::max_element(all), 65'536u) << name;
  }
}

// Within four standard deviations of a share of 20,000: 0.015.
TEST(Sizes, have_the_shares_of_their_distribution) {
  EXPECT_NEAR(share_up_to(drawn("bimodal", 65'536), 64), 0.9, 0.015);
  EXPECT_NEAR(share_up_to(drawn("log_normal", 1 << 30), 1024), 0.5, 0.015);
  EXPECT_NEAR(share_up_to(drawn("log_normal", 1 << 30), 7566), 0.841, 0.015) << "e^2 times more";
  const double tail = (1 - std::pow(64.0 / 640, 1.1)) / (1 - std::pow(64.0 / 65'536, 1.1));
  EXPECT_NEAR(share_up_to(drawn("pareto", 65'536), 640), tail, 0.015);
  const auto own = drawn("cdf:8@0.25/100@0.75/4096@1", 4096);
  EXPECT_NEAR(share_up_to(own, 8), 0.25, 0.015);
  EXPECT_NEAR(share_up_to(own, 4095), 0.75, 0.015);
}

class OwnSizes : public ::testing::Test {
 protected:
  ~OwnSizes() override { std::filesystem::remove(path_); }
  std::string canonical_of(const std::string& text) const {
    std::ofstream(path_) << text;
    return sizes::canonical(path_);
  }
  std::string complaint_about(const std::string& text) const {
    try {
      return canonical_of(text);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what()).substr(path_.size());
    }
  }

  const std::string path_ = testing::TempDir() + "ipcmark_sizes.cdf";
};

TEST_F(OwnSizes, are_kept_as_text_that_needs_no_file) {
  const std::string text = canonical_of("# bytes share\n64 0.5\n\n4Ki 0.75  # a page\n64Ki 1\n");
  EXPECT_EQ(text, "cdf:64@0.5/4096@0.75/65536@1");
  EXPECT_EQ(sizes::canonical(text), text);
  EXPECT_EQ(sizes::largest(text, 1), 65'536u);
  EXPECT_EQ(sizes::largest("pareto", 1), 1u);
}

TEST_F(OwnSizes, are_refused_by_file_and_line) {
  EXPECT_EQ(complaint_about("64 0.5\n128 0.4\n256 1\n"),
            ":2: a share of 0.4 after 0.5: a cumulative one never falls");
  EXPECT_EQ(complaint_about("64 0.5\n32 1\n"), ":2: 32 B after 64 B: sizes ascend");
  EXPECT_EQ(complaint_about("64 0.5\n128 0.9\n"), ":2: ends at a share of 0.9: the last is 1");
  EXPECT_EQ(complaint_about("64 0.5\n2Gi 1\n"), ":2: `2Gi` is out of range; valid: 1 to 1Gi");
  EXPECT_EQ(complaint_about("0 1\n"), ":1: `0` is out of range; valid: 1 to 1Gi");
  EXPECT_EQ(complaint_about("64 half\n"), ":1: `half` is not a share: valid: 0 to 1");
  EXPECT_EQ(complaint_about("64 1.5\n"), ":1: `1.5` is not a share: valid: 0 to 1");
  EXPECT_EQ(complaint_about("64\n"), ":1: 1 words; valid: a size and a share, as in `64Ki 0.9`");
  EXPECT_EQ(complaint_about(""), ":0: no point: valid: a size and a share a line");
}

TEST(Sizes, that_are_nothing_name_the_nearest_word) {
  try {
    (void)sizes::canonical("bimodul");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "unknown sizes `bimodul`: no such word and no such file; did you mean `bimodal`?");
  }
}

TEST(Sizes, of_a_folder_are_said_to_be_one) {
  try {
    (void)sizes::canonical("/");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "`/` is a folder; write one of one, bimodal, log_normal, pareto, or a file of "
                 "lines `SIZE SHARE`, as `64Ki 0.9`");
  }
}

}  // namespace
}  // namespace ipcmark
