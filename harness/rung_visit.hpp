// One visit to a rung: its phases in their order, and what is watched meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/canary.hpp"
#include "harness/director.hpp"
#include "harness/effect.hpp"
#include "harness/known_delay.hpp"
#include "harness/machine_watch.hpp"
#include "harness/record.hpp"
#include "harness/third_parties.hpp"

namespace ipcmark {

class RungVisitor {
 public:
  // All of them outlive this. `effect`: what the roles play instead of a pattern, or null.
  // `interrupts`: whether the roles expect them, for the canary.
  RungVisitor(Director& director, MachineWatch& machine, ThirdParties& third, Effect* effect,
              bool interrupts)
      : director_(director),
        machine_(machine),
        third_(third),
        effect_(effect),
        canary_(director, interrupts) {}

  // Throws what ends the launch, Unavailable among it.
  void visit(std::size_t i, RungRecord& record);

 private:
  // Nothing is timed: who is watched is slow.
  void count(std::size_t i, RungRecord& record);
  void count_events(std::size_t i, RungRecord& record);
  void stage_effect(std::size_t i, RungRecord& record);
  void measure(std::size_t i, RungRecord& record);
  void time(std::size_t i, RungRecord& record);
  void check_clocks(RungRecord& record) const;
  // How many messages the channel holds while nobody takes any: there, and where answers come,
  // back.
  void fill(RungMeter& meter);
  void fill_one_way(RungMeter& meter, Role from, Role to);
  void stream(RungMeter& meter);
  // The run's and the block's, not the launch's: all cases of a block see the same sizes.
  [[nodiscard]] std::uint64_t sizes_seed() const;

  Director& director_;
  MachineWatch& machine_;
  ThirdParties& third_;
  Effect* effect_;
  Canary canary_;
  KnownDelay delay_{director_};
};

}  // namespace ipcmark
