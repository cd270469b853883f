// Where a launch stands, in memory that the harness reads when a deadline has come: nobody is woken
// to be told, so watching costs the measured ends nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "harness/phase.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

struct LaunchState {
  std::atomic<std::int64_t> deadline_ns;  // CLOCK_MONOTONIC: when the phase in hand must be over
  std::atomic<Phase> phase;               // the coordinator's
  // Where each role is within an order: clients, then servers.
  std::array<std::atomic<Phase>, 2 * kMostRoles> role_phase;
  std::atomic<std::int64_t> fault_ns;  // when an injected fault struck; 0: it has not

  [[nodiscard]] std::atomic<Phase>& phase_of(Role role, std::uint32_t index) {
    return role_phase[index + (role == Role::server ? kMostRoles : 0)];
  }
  void enter(Phase now, std::int64_t until_ns) {
    phase.store(now, std::memory_order_relaxed);
    deadline_ns.store(until_ns, std::memory_order_relaxed);
  }
};

// The memory of one LaunchState, shared by the harness, its launch (by descriptor, over exec) and
// the roles (by fork).
class SharedLaunchState {
 public:
  SharedLaunchState();
  // What the harness handed over.
  explicit SharedLaunchState(int fd);
  [[nodiscard]] LaunchState& operator*() const {
    return *reinterpret_cast<LaunchState*>(mapping_.data());
  }
  [[nodiscard]] LaunchState* operator->() const { return &**this; }
  [[nodiscard]] int fd() const { return memory_.get(); }

 private:
  Fd memory_;
  Mapping mapping_;
};

}  // namespace ipcmark
