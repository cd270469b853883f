// One role of a launch: pins itself, makes its end, and does what the coordinator orders until it
// is told to quit.
#pragma once

#include <span>

#include "harness/case.hpp"
#include "harness/injector.hpp"
#include "harness/launch_state.hpp"
#include "harness/rendezvous.hpp"

namespace ipcmark {

struct RoleSpec {
  Role role = Role::client;
  std::uint32_t index = 0;  // among its like
  RoleKind kind = RoleKind::process;
  int cpu = 0;
  Policy policy = Policy::other;
};

class Effect;
struct CounterPlan;

// What a role needs of its launch; outlives it.
struct RoleContext {
  RoleSpec spec;
  std::span<const Case> rungs;
  const std::string* prefix = nullptr;
  const Stage* stage = nullptr;
  LaunchState* state = nullptr;
  Injector injector;
  Effect* effect = nullptr;  // whose act it plays instead of having an end of a channel
  std::span<const CounterPlan> counters = {};  // a plan a rung, where events are counted
};

// Reports readiness first (or why there can be none), then obeys. Takes the channel's part of its
// role; in a process of its own it also closes what belongs to the other. Returns when told to quit
// or when the coordinator is gone.
void run_role(const RoleContext& context, std::unique_ptr<Channel>& channel,
              const ControlSocket& control) noexcept;

}  // namespace ipcmark
