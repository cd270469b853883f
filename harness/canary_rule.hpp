// The canary's rule: whether a launch ran on an undisturbed machine. The one statistic that C++
// keeps, since it must be told while a run runs; steadiness.py has it too, and both are held to the
// verdicts of results/reference/canary_rule.json. Pure.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ipcmark {

// The bare hand-off beside one case, ns.
struct CanaryCase {
  double before_ns = 0;
  double after_ns = 0;
};

enum class CanaryVerdict {
  few,      // too few readings so far to tell one level from several
  several,  // the host moves the CPUs: launches are labelled with their level, never run again
  clean,
  moved,  // by more than 15 % within a case
  off,    // the launch's median from the run's, by more than 3 robust standard deviations
};

// The verdict's word in the manifest and in records.
[[nodiscard]] std::string_view word(CanaryVerdict verdict) noexcept;
[[nodiscard]] constexpr bool contaminated(CanaryVerdict verdict) noexcept {
  return verdict == CanaryVerdict::moved || verdict == CanaryVerdict::off;
}

// Medians of the levels that readings (ns) fall into, ascending; those <= 0 are left out.
[[nodiscard]] std::vector<double> canary_levels(std::vector<double> readings_ns);

// What launches are held against: all readings of the run so far at their placement.
class CanaryHistory {
 public:
  // The standard deviation is at least `quantum_ns`, the resolution of a reading: else a constant
  // history would condemn every other value.
  CanaryHistory(const std::vector<double>& readings_ns, double quantum_ns);

  [[nodiscard]] CanaryVerdict judge(std::span<const CanaryCase> launch) const;
  // How far a launch is from calm, as a ratio >= 1: the larger of its worst move and of its median
  // against the run's. Orders the contaminated.
  [[nodiscard]] double distance(std::span<const CanaryCase> launch) const;

 private:
  bool few_;
  bool several_;
  double median_;
  double sd_;
};

}  // namespace ipcmark
