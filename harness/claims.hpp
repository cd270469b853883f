// Whether what an end says it did can be true. A transport's code writes the stamps and the counts
// (a plug-in's pattern loops are compiled by whoever built it), so they are held against what it
// does not write: the role's clock around each step, the launch's around the order, and the other
// end's counts.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "harness/rendezvous.hpp"
#include "harness/time_scale.hpp"

namespace ipcmark {

// One end's account of one step, with its stamps.
struct Claim {
  Part part = Part::ask;
  Job job;
  StepReport report;
  std::span<const std::uint64_t> stamps;
  bool lossy = false;    // fewer may have come than were asked for
  bool watched = false;  // each send's return is stamped too
  // When the last of the ends began the step, by its own clock: until then the others wait for it.
  std::uint64_t together_ticks = 0;
};

// Time of a step that its stamps leave out, in ns; 0 where the part does not stamp its whole
// course.
[[nodiscard]] double hidden_ns(const Claim& claim, TimeScale scale);

// Why a claim cannot be true by itself: another number of messages or stamps than was asked for,
// stamps that descend or lie outside the step. Empty if it can.
[[nodiscard]] std::string contradiction(const Claim& claim);

// Why the steps of one end of an order cannot be true together: they hide time, and more of it than
// the scheduler kept the ends of the launch waiting (`waited_ns`), which may fall where no stamp
// is. Empty if they can.
[[nodiscard]] std::string too_fast(std::span<const Claim> claims, TimeScale scale,
                                   double waited_ns = 0);

// All of it for all roles of an order: clients, then servers. What a lossy transport's receiver, or
// one of several ends of a side, waits for is not hidden time. Throws LaunchFailed
// "server: its stamps account for ...".
void require_true(const Order& order, std::span<const Report> reports, const Stage& stage,
                  TimeScale scale, bool lossy);

// The roles' steps took no longer than the coordinator waited for them, by its own reading of the
// same counter. Throws LaunchFailed.
void require_within(const Order& order, std::span<const Report> reports, std::uint64_t waited_ticks,
                    TimeScale scale);

}  // namespace ipcmark
