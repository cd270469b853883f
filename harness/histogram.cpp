#include "harness/histogram.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::uint32_t kBuckets = Histogram::bucket_of(Histogram::kTrackableNs) + 1;

void require(bool condition, const std::string& complaint) {
  if (!condition) throw std::invalid_argument("histogram: " + complaint);
}

}  // namespace

// assign() writes every element, which is what faults the pages in.
Histogram::Histogram() { counts_.assign(kBuckets, 0); }

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() noexcept {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  sum_ = 0;
  min_ = UINT64_MAX;
  max_ = 0;
}

std::optional<std::uint64_t> Histogram::min() const noexcept {
  return count_ == 0 ? std::nullopt : std::optional(min_);
}

std::optional<std::uint64_t> Histogram::max() const noexcept {
  return count_ == 0 ? std::nullopt : std::optional(max_);
}

std::optional<std::uint64_t> Histogram::quantile(double q) const noexcept {
  if (count_ == 0) return std::nullopt;
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::uint32_t index = 0; index < kBuckets; ++index) {
    seen += counts_[index];
    if (seen < rank) continue;
    const std::uint64_t low = lowest_of(index);
    return std::clamp(low + (lowest_of(index + 1) - 1 - low) / 2, min_, max_);
  }
  return max_;
}

json Histogram::to_json() const {
  json buckets = json::array();
  for (std::uint32_t index = 0; index < kBuckets; ++index) {
    if (counts_[index] != 0) buckets.push_back({index, counts_[index]});
  }
  return {{"unit", "ns"},
          {"count", count_},
          {"min", count_ == 0 ? json() : json(min_)},
          {"max", count_ == 0 ? json() : json(max_)},
          {"sum", sum_},
          {"buckets", std::move(buckets)}};
}

Histogram Histogram::from_json(const json& object) {
  Histogram histogram;
  try {
    require(object.at("unit") == "ns", "unit is not ns");
    std::int64_t previous = -1;
    for (const json& bucket : object.at("buckets")) {
      const auto index = bucket.at(0).get<std::int64_t>();
      require(index > previous && index < kBuckets, "bad bucket index " + std::to_string(index));
      const auto count = bucket.at(1).get<std::uint64_t>();
      histogram.counts_[static_cast<std::size_t>(index)] = count;
      histogram.count_ += count;
      previous = index;
    }
    require(histogram.count_ == object.at("count").get<std::uint64_t>(), "counts do not add up");
    histogram.sum_ = object.at("sum").get<std::uint64_t>();
    if (histogram.count_ == 0) return histogram;
    histogram.min_ = object.at("min").get<std::uint64_t>();
    histogram.max_ = object.at("max").get<std::uint64_t>();
  } catch (const json::exception& error) {
    throw std::invalid_argument(std::string("histogram: ") + error.what());
  }
  return histogram;
}

}  // namespace ipcmark
