// Lets an injected fault happen in one process of a launch. Message faults are made of the phase's
// own job, cut into pieces: every transport goes through the same loops as ever, and no loop knows
// of faults.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/injection.hpp"
#include "harness/launch_state.hpp"
#include "harness/rendezvous.hpp"

namespace ipcmark {

class Injector {
 public:
  Injector() = default;
  // `slow_ns`: how long a slow one sleeps.
  Injector(const std::optional<Injection>& asked, Target self, std::int64_t slow_ns,
           LaunchState& state);

  // A phase begins: strikes if the fault is of the process and the phase has no messages (or is
  // close, whose messages are behind it).
  void reach(Phase phase);
  // Runs a step, struck in its midst where the fault is of its phase.
  void run(End& end, Phase phase, const Step& step, Tally& tally);

 private:
  [[nodiscard]] bool due(Phase phase) const { return asked_ && !struck_ && asked_->phase == phase; }
  void note();
  void strike();
  void spoil(End& end, const Step& step, Tally& tally);

  std::optional<Injection> asked_;  // of this process
  std::int64_t slow_ns_ = 0;
  LaunchState* state_ = nullptr;
  bool struck_ = false;
};

}  // namespace ipcmark
