#include "harness/histogram.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>

namespace ipcmark {
namespace {

Histogram random_histogram(unsigned seed, int values) {
  std::mt19937_64 random(seed);
  Histogram histogram;
  for (int i = 0; i < values; ++i) histogram.record(random() >> (22 + random() % 42));
  return histogram;
}

TEST(HistogramTest, every_value_below_2048_has_a_bucket_of_its_own) {
  for (std::uint32_t value = 0; value < 2048; ++value) {
    EXPECT_EQ(Histogram::bucket_of(value), value);
    EXPECT_EQ(Histogram::lowest_of(value), value);
  }
}

TEST(HistogramTest, index_follows_the_schema) {
  const std::uint64_t values[] = {0, 1, 1023, 1024, 2047, 2048, 4095, 4096, 123456789, 1ULL << 42};
  for (const std::uint64_t value : values) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - 11);
    EXPECT_EQ(Histogram::bucket_of(value), 1024U * static_cast<unsigned>(shift) + (value >> shift));
  }
}

TEST(HistogramTest, index_is_continuous_at_octave_borders) {
  for (int bit = 11; bit <= 42; ++bit) {
    const std::uint64_t border = std::uint64_t{1} << bit;
    EXPECT_EQ(Histogram::bucket_of(border), Histogram::bucket_of(border - 1) + 1) << bit;
    EXPECT_EQ(Histogram::lowest_of(Histogram::bucket_of(border)), border) << bit;
  }
}

TEST(HistogramTest, a_bucket_is_no_wider_than_a_1024th_of_its_values) {
  for (std::uint32_t index = 0; index < Histogram::bucket_of(Histogram::kTrackableNs); ++index) {
    const std::uint64_t low = Histogram::lowest_of(index);
    const std::uint64_t high = Histogram::lowest_of(index + 1) - 1;
    ASSERT_EQ(Histogram::bucket_of(low), index);
    ASSERT_EQ(Histogram::bucket_of(high), index);
    ASSERT_LE((high - low) * 1024, low) << index;
  }
}

TEST(HistogramTest, merging_equals_recording_everything_in_one) {
  std::mt19937_64 random(7);
  Histogram left, right, all;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t value = random() >> (22 + random() % 42);
    (i % 3 == 0 ? left : right).record(value);
    all.record(value);
  }
  left.merge(right);
  EXPECT_EQ(left.to_json(), all.to_json());
  EXPECT_EQ(left.count(), 20000U);
}

TEST(HistogramTest, merging_an_empty_one_changes_nothing) {
  Histogram histogram = random_histogram(1, 100);
  const auto before = histogram.to_json();
  histogram.merge(Histogram());
  EXPECT_EQ(histogram.to_json(), before);
}

TEST(HistogramTest, too_large_values_are_counted_in_the_top_bucket_with_exact_max) {
  Histogram histogram;
  histogram.record(Histogram::kTrackableNs * 8 + 3);
  const auto object = histogram.to_json();
  EXPECT_EQ(histogram.max(), Histogram::kTrackableNs * 8 + 3);
  EXPECT_EQ(histogram.sum(), Histogram::kTrackableNs * 8 + 3);
  EXPECT_EQ(object["buckets"].size(), 1U);
  EXPECT_EQ(object["buckets"][0][0], Histogram::bucket_of(Histogram::kTrackableNs));
}

TEST(HistogramTest, survives_json) {
  const Histogram histogram = random_histogram(3, 5000);
  const std::string text = histogram.to_json().dump();
  const Histogram back = Histogram::from_json(nlohmann::json::parse(text));
  EXPECT_EQ(back.to_json().dump(), text);
  EXPECT_EQ(back.min(), histogram.min());
  EXPECT_EQ(back.max(), histogram.max());
}

TEST(HistogramTest, an_empty_one_says_null_and_not_zero) {
  const auto object = Histogram().to_json();
  EXPECT_TRUE(object["min"].is_null());
  EXPECT_TRUE(object["max"].is_null());
  EXPECT_EQ(Histogram::from_json(object).to_json(), object);
  EXPECT_FALSE(Histogram().quantile(0.5).has_value());
}

TEST(HistogramTest, what_is_not_a_histogram_is_refused) {
  auto object = random_histogram(5, 10).to_json();
  auto wrong_count = object, wrong_unit = object, descending = object, no_sum = object;
  wrong_count["count"] = 11;
  wrong_unit["unit"] = "us";
  descending["buckets"] = {{5, 1}, {4, 9}};
  no_sum.erase("sum");
  for (const auto& bad : {wrong_count, wrong_unit, descending, no_sum}) {
    EXPECT_THROW((void)Histogram::from_json(bad), std::invalid_argument);
  }
}

TEST(HistogramTest, quantiles_are_nearest_rank) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(0.0), 1U);
  EXPECT_EQ(histogram.quantile(0.5), 50U);
  EXPECT_EQ(histogram.quantile(0.99), 99U);
  EXPECT_EQ(histogram.quantile(1.0), 100U);
}

TEST(HistogramTest, clear_forgets) {
  Histogram histogram = random_histogram(9, 50);
  histogram.clear();
  EXPECT_EQ(histogram.to_json(), Histogram().to_json());
}

}  // namespace
}  // namespace ipcmark
