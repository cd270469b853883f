// The rungs of a launch, visited in its order: those that can be had through one channel, or each
// through channels of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "harness/counter_plan.hpp"
#include "harness/effect.hpp"
#include "harness/launch.hpp"
#include "harness/launch_state.hpp"
#include "harness/machine_watch.hpp"
#include "harness/record.hpp"

namespace ipcmark {

class Ladder {
 public:
  // All of them outlive this; a record a rung.
  Ladder(const LaunchSpec& spec, const SharedLaunchState& state, std::vector<RungRecord>& records);

  // Measures those rungs. Throws what ends the launch; a rung that is done keeps its numbers unless
  // the launch ends badly.
  void climb(const std::vector<std::size_t>& admitted);

 private:
  void plan_events();
  // Through one channel, or on one stage of an effect.
  void climb_together(const std::vector<std::size_t>& admitted);
  [[nodiscard]] std::vector<RoleContext> contexts() const;
  [[nodiscard]] RoleContext context(Role role, std::uint32_t index) const;
  [[nodiscard]] Injector injector_of(Target self) const;
  template <class Visit>
  void visit_each(const std::vector<std::size_t>& admitted, Visit visit);

  const LaunchSpec& spec_;
  const SharedLaunchState& state_;
  std::vector<RungRecord>& records_;
  Stage stage_;
  std::unique_ptr<Effect> effect_;
  std::vector<CounterPlan> counters_;  // a plan a rung, where events are counted
  MachineWatch machine_;
  int next_rung_ = 0;
};

}  // namespace ipcmark
