#include "harness/canary_rule.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ipcmark {
namespace {

using Values = std::vector<double>;

constexpr double kMoved = 1.15;
constexpr double kSdsOff = 3;
constexpr double kSdsApart = 5;
constexpr double kMadToSd = 1.4826;
constexpr std::size_t kReadingsFrom = 20;  // fewer cannot be told apart into levels
constexpr std::size_t kSmallestSplit = 6;
constexpr std::ptrdiff_t kSmallestLevel = 3;

double median(Values values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double robust_sd(std::span<const double> values) {
  const double middle = median({values.begin(), values.end()});
  Values deviations;
  for (const double value : values) deviations.push_back(std::abs(value - middle));
  return kMadToSd * median(std::move(deviations));
}

// Where an ascending series is cut in two for the least sum of squares (Fisher 1958).
std::ptrdiff_t best_cut(std::span<const double> ordered) {
  double sum = 0, squares = 0;
  for (const double x : ordered) sum += x, squares += x * x;
  double left_sum = 0, left_squares = 0, least = INFINITY;
  std::ptrdiff_t cut = 1;
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    const double x = ordered[i - 1], n = static_cast<double>(i);
    left_sum += x, left_squares += x * x;
    const double right_sum = sum - left_sum;
    const double within = left_squares - left_sum * left_sum / n + (squares - left_squares) -
                          right_sum * right_sum / (static_cast<double>(ordered.size()) - n);
    if (within < least) least = within, cut = static_cast<std::ptrdiff_t>(i);
  }
  return cut;
}

// Two levels where they lie 15 % and 5 standard deviations apart; then each is tried again.
Values split_levels(const Values& ordered) {
  if (ordered.size() >= kSmallestSplit) {
    Values logs;
    for (const double ns : ordered) logs.push_back(std::log(ns));
    const std::ptrdiff_t cut = best_cut(logs);
    const Values low(logs.begin(), logs.begin() + cut), high(logs.begin() + cut, logs.end());
    const double sd = std::sqrt((std::pow(robust_sd(low), 2) + std::pow(robust_sd(high), 2)) / 2);
    const bool enough = std::min(std::ssize(low), std::ssize(high)) >= kSmallestLevel;
    if (enough && median(high) - median(low) > std::max(kSdsApart * sd, std::log(kMoved))) {
      Values levels = split_levels({ordered.begin(), ordered.begin() + cut});
      std::ranges::copy(split_levels({ordered.begin() + cut, ordered.end()}),
                        std::back_inserter(levels));
      return levels;
    }
  }
  return {median(ordered)};
}

double moved_by(const CanaryCase& one) {
  return std::max(one.before_ns, one.after_ns) / std::min(one.before_ns, one.after_ns);
}

double median_of(std::span<const CanaryCase> launch) {
  Values readings;
  for (const CanaryCase& one : launch) {
    readings.push_back(one.before_ns);
    readings.push_back(one.after_ns);
  }
  return median(std::move(readings));
}

}  // namespace

std::string_view word(CanaryVerdict verdict) noexcept {
  switch (verdict) {
    case CanaryVerdict::few:
      return "few";
    case CanaryVerdict::several:
      return "several";
    case CanaryVerdict::clean:
      return "clean";
    case CanaryVerdict::moved:
      return "moved";
    case CanaryVerdict::off:
      return "off";
  }
  return "";
}

std::vector<double> canary_levels(std::vector<double> readings_ns) {
  std::erase_if(readings_ns, [](double ns) { return !(ns > 0); });
  if (readings_ns.empty()) return {};
  std::ranges::sort(readings_ns);
  return readings_ns.size() >= kReadingsFrom ? split_levels(readings_ns)
                                             : Values{median(std::move(readings_ns))};
}

CanaryHistory::CanaryHistory(const std::vector<double>& readings_ns, double quantum_ns)
    : few_(readings_ns.size() < kReadingsFrom),
      several_(canary_levels(readings_ns).size() > 1),
      median_(median(readings_ns)),
      sd_(std::max(robust_sd(readings_ns), quantum_ns)) {}

CanaryVerdict CanaryHistory::judge(std::span<const CanaryCase> launch) const {
  if (launch.empty() || few_) return CanaryVerdict::few;
  if (several_) return CanaryVerdict::several;
  if (std::ranges::any_of(launch, [](const auto& one) { return moved_by(one) > kMoved; })) {
    return CanaryVerdict::moved;
  }
  return std::abs(median_of(launch) - median_) > kSdsOff * sd_ ? CanaryVerdict::off
                                                               : CanaryVerdict::clean;
}

double CanaryHistory::distance(std::span<const CanaryCase> launch) const {
  if (launch.empty()) return 1;
  double worst = moved_by({median_, median_of(launch)});
  for (const CanaryCase& one : launch) worst = std::max(worst, moved_by(one));
  return worst;
}

}  // namespace ipcmark
