#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

namespace ipcmark {

// A log-linear histogram of whole nanoseconds: exact below 2048, then 1024 buckets an octave, so a
// value is known to within 1/1024. The bucket rule is fixed by the record schema, which is what
// makes merging across launches, runs and languages lossless. One thread records; the constructor
// touches every page, so that recording never faults.
class Histogram {
 public:
  // Values above this are counted in the top bucket; `max` and `sum` stay exact.
  static constexpr std::uint64_t kTrackableNs = std::uint64_t{1} << 42;

  // The bucket of a value: index = 1024·shift + (v >> shift), shift = max(0, bit_width(v) − 11).
  // Or-ing 1024 in makes bit_width at least 11 without a branch and changes no larger value.
  [[nodiscard]] static constexpr std::uint32_t bucket_of(std::uint64_t value_ns) noexcept {
    const auto shift = static_cast<unsigned>(std::bit_width(value_ns | kHalf)) - kExactBits;
    return static_cast<std::uint32_t>(kHalf * shift + (value_ns >> shift));
  }

  // The smallest value of a bucket, ns. `lowest_of(index + 1) - 1` is its largest.
  [[nodiscard]] static constexpr std::uint64_t lowest_of(std::uint32_t index) noexcept {
    const std::uint64_t shift = index < 2 * kHalf ? 0 : index / kHalf - 1;
    return (index - kHalf * shift) << shift;
  }

  Histogram();

  // Counts one value, ns. No allocation, no fault. The exact range is a fast path because finding
  // the highest bit is slow on some processors (1.1 ns against 2.5 where it was tried).
  void record(std::uint64_t value_ns) noexcept {
    ++counts_[value_ns < 2 * kHalf ? value_ns : bucket_of(std::min(value_ns, kTrackableNs))];
    ++count_;
    sum_ += value_ns;
    if (value_ns < min_) [[unlikely]]
      min_ = value_ns;
    if (value_ns > max_) [[unlikely]]
      max_ = value_ns;
  }

  // Adds another histogram's counts; the result is what recording all values here would have given.
  void merge(const Histogram& other) noexcept;

  // Forgets everything; keeps the memory.
  void clear() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // Sum of the exact values, ns (modulo 2^64: 584 years).
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
  // Smallest and largest recorded value, exact, ns; none while empty.
  [[nodiscard]] std::optional<std::uint64_t> min() const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> max() const noexcept;

  // Nearest-rank quantile, q in [0, 1], as the middle of its bucket kept within [min, max]; none
  // while empty. For a console line only: statistics are analysis' business.
  [[nodiscard]] std::optional<std::uint64_t> quantile(double q) const noexcept;

  // The schema's histogram object: unit, count, min, max (null while empty), sum, sparse buckets.
  [[nodiscard]] nlohmann::json to_json() const;

  // Reads the schema's object back. Throws std::invalid_argument if it is not one: another unit,
  // indexes not ascending or out of range, counts that do not add up.
  [[nodiscard]] static Histogram from_json(const nlohmann::json& object);

 private:
  static constexpr unsigned kExactBits = 11;
  static constexpr std::uint64_t kHalf = 1024;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace ipcmark
