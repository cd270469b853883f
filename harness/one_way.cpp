#include "harness/one_way.hpp"

#include <fmt/format.h>

namespace ipcmark {

namespace {

constexpr double kMostShare = 0.2;  // of the median

// The median of a histogram of one-way times.
double note_bound(RungResult& result, const char* name, double bound_ns) {
  result.values["clock_offset_bound_ns"] = bound_ns;
  return static_cast<double>(result.histograms[name].quantile(0.5).value_or(0));
}

}  // namespace

double clock_offset_bound_ns(const LaunchSpec& spec, double fastest_round_trip_ns) {
  const bool same = spec.client_cpu == spec.server_cpu;
  return (same ? 0 : fastest_round_trip_ns / 2) + spec.scale.quantum_ns;
}

void check_response_times(RungRecord& record, double bound_ns, Reading reading) {
  const double median = note_bound(record.meter->result(), "response_ns", bound_ns);
  if (bound_ns <= kMostShare * median) return;
  // What was carried, and how late it was sent, does not hang on the other CPU's clock.
  if (reading == Reading::under_way) return record.meter->leave_out_one_way();
  record.refused =
      fmt::format("one-way time of {:.0f} ns is known only to ± {:.0f} ns", median, bound_ns);
}

// What has no believable one-way time still has its counts.
void check_delivery_times(RungRecord& record, double bound_ns) {
  RungResult& result = record.meter->result();
  const double median = note_bound(result, "delivery_ns", bound_ns);
  if (bound_ns > kMostShare * median) result.histograms.erase("delivery_ns");
}

}  // namespace ipcmark
