// A rung each of whose measurements has a channel, and roles, of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/director.hpp"
#include "harness/launch.hpp"
#include "harness/launch_state.hpp"
#include "harness/peer.hpp"
#include "harness/record.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

struct OwnChannel {
  const LaunchSpec& spec;
  std::size_t rung;
  const std::vector<RoleContext>& roles;
  const Stage& stage;
  RungRecord& record;

  [[nodiscard]] const Case& point() const { return spec.rungs[rung]; }
  [[nodiscard]] Shape shape() const { return shape_of(point(), spec.prefix); }
  [[nodiscard]] RungMeter& meter() const { return *record.meter; }

  // Enters the next one's first phase, open. How long each of its phases may take: memory is filled
  // in them, before anything has been timed.
  [[nodiscard]] std::int64_t open_next() const {
    const std::int64_t deadline = phase_deadline_ns(spec.settings, meter().probe_ns());
    roles.front().state->enter(Phase::open, monotonic_now() + deadline);
    return deadline;
  }
};

}  // namespace ipcmark
