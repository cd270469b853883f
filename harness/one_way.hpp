// How well a one-way time is known: it is a difference of two CPUs' clocks.
#pragma once

#include "harness/launch.hpp"
#include "harness/record.hpp"

namespace ipcmark {

// Their offset is below half the fastest round trip between the CPUs, and what they read is late by
// up to a quantum. In ns.
[[nodiscard]] double clock_offset_bound_ns(const LaunchSpec& spec, double fastest_round_trip_ns);

// Notes the bound. Times whose median it is too large a share of are left out of the record; where
// they are all that the rung is about, it is refused.
void check_response_times(RungRecord& record, double bound_ns, Reading reading);
void check_delivery_times(RungRecord& record, double bound_ns);

}  // namespace ipcmark
