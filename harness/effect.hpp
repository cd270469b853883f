// An effect of the machine, played by a launch's roles where others run a pattern: no channel, but
// the same cast, placement, deadlines and records.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/director.hpp"

namespace ipcmark {

struct LaunchSpec;

// One role's part of an effect; lives in the role, on the CPU that it is bound to.
class Act {
 public:
  Act() = default;
  Act(const Act&) = delete;
  Act& operator=(const Act&) = delete;
  virtual ~Act() = default;
  // Throws Unavailable or std::exception, which are reported.
  virtual void obey(const Order& order, Report& report) = 0;
};

class Effect {
 public:
  Effect() = default;
  Effect(const Effect&) = delete;
  Effect& operator=(const Effect&) = delete;
  virtual ~Effect() = default;

  // Called in the role once it is bound; the effect outlives it.
  [[nodiscard]] virtual std::unique_ptr<Act> act(const RoleContext& context) = 0;
  // Measures one rung and leaves its facts in `result`. Throws Unavailable where that cannot be
  // had.
  void measure(std::size_t rung, Director& director, RungResult& result);

 protected:
  // The rung that is measured: the members below are its.
  virtual void play(RungResult& result) = 0;
  // Both sides lay out what the rung needs, the home side first.
  void prepare() const;

  std::size_t rung_ = 0;
  Director* director_ = nullptr;
  Case point_;
};

// What its roles did in the order that was measured, for the record.
void take_roles(const std::vector<Report>& reports, RungResult& result);

// Why a rung of it cannot be had; empty when it can.
[[nodiscard]] std::string effect_refusal(Reading reading, const Case& point);
// The effect that a reading plays, null where it runs patterns. Opens what its roles share.
[[nodiscard]] std::unique_ptr<Effect> effect_of(const LaunchSpec& spec);

}  // namespace ipcmark
