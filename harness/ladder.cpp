#include "harness/ladder.hpp"

#include <set>

#include "harness/director.hpp"
#include "harness/life_cycle.hpp"
#include "harness/outlive.hpp"
#include "harness/rung_visit.hpp"
#include "harness/third_parties.hpp"

namespace ipcmark {

namespace {

std::vector<int> measured_cpus(const LaunchSpec& spec) {
  std::set<int> cpus(spec.more_cpus.begin(), spec.more_cpus.end());
  cpus.insert({spec.client_cpu, spec.server_cpu});
  return {cpus.begin(), cpus.end()};
}

}  // namespace

Ladder::Ladder(const LaunchSpec& spec, const SharedLaunchState& state,
               std::vector<RungRecord>& records)
    : spec_(spec),
      state_(state),
      records_(records),
      stage_(spec.rungs.front().producers, spec.rungs.front().consumers),
      machine_(measured_cpus(spec)) {}

void Ladder::climb(const std::vector<std::size_t>& admitted) {
  if (spec_.reading == Reading::life_cycle) {  // a channel of its own each, and many of them
    return visit_each(admitted, [&](std::size_t i) {
      records_[i].rung = next_rung_++;
      const auto roles = contexts();
      live({spec_, i, roles, stage_, records_[i]});
    });
  }
  if (spec_.rungs.front().pattern == Pattern::detect) {  // as each is lost
    return visit_each(admitted, [&](std::size_t i) {
      records_[i].rung = next_rung_++;
      records_[i].watch.begin(machine_);
      const auto roles = contexts();
      outlive({spec_, i, roles, stage_, records_[i]});
      records_[i].watch.end();
    });
  }
  // Before the roles, which inherit them.
  if (spec_.reading == Reading::counters) plan_events();
  climb_together(admitted);
}

void Ladder::plan_events() {
  for (std::size_t i = 0; i < spec_.rungs.size(); ++i) {
    counters_.push_back(plan_counters(spec_.rungs[i].counters, perf_events()));
    records_[i].counters = counters_.back();
  }
}

void Ladder::climb_together(const std::vector<std::size_t>& admitted) {
  std::vector<Case> rungs;
  for (const auto i : admitted) rungs.push_back(spec_.rungs[i]);
  Injector injector = injector_of(Target::launch);
  const std::int64_t deadline = phase_deadline_ns(spec_.settings);
  state_->enter(Phase::open, monotonic_now() + deadline);
  // While we are one thread, which is quick, and before the roles, which inherit it.
  const bool interrupts = is_timed(spec_.reading) && expect_interrupts();
  effect_ = effect_of(spec_);
  std::unique_ptr<Channel> channel;
  if (!effect_) channel = open_channel(rungs.front(), widest_shape(rungs, spec_.prefix));
  injector.reach(Phase::open);
  ThirdParties third(rungs.front(), spec_.third_cpus, deadline);
  Cast cast(contexts(), channel);
  cast.meet(deadline);
  // Before any is measured: a rung that is done keeps its numbers when a later one fails.
  for (const auto i : admitted) records_[i].pids = cast.pids();
  Director director(spec_, cast, stage_);
  RungVisitor visitor(director, machine_, third, effect_.get(), interrupts);
  visit_each(admitted, [&](std::size_t i) {
    if (records_[i].visits++ == 0) records_[i].rung = next_rung_++;
    visitor.visit(i, records_[i]);
  });
  try {
    cast.close(deadline);
    injector.reach(Phase::close);
  } catch (...) {
    for (const auto i : admitted) records_[i].done = false;  // a launch that ends badly is none
    throw;
  }
}

std::vector<RoleContext> Ladder::contexts() const {
  std::vector<RoleContext> all;
  const Case& any = spec_.rungs.front();
  for (std::uint32_t i = 0; i < any.producers; ++i) all.push_back(context(Role::client, i));
  for (std::uint32_t i = 0; i < any.consumers; ++i) all.push_back(context(Role::server, i));
  return all;
}

RoleContext Ladder::context(Role role, std::uint32_t index) const {
  const Case& any = spec_.rungs.front();
  return {.spec = {.role = role,
                   .index = index,
                   .kind = any.roles,
                   .cpu = cpu_of(spec_, role, index),
                   .policy = any.policy},
          .rungs = spec_.rungs,
          .prefix = &spec_.prefix,
          .stage = &stage_,
          .state = &*state_,
          .injector = injector_of(role == Role::client ? Target::client : Target::server),
          .effect = effect_.get(),
          .counters = counters_};
}

// A slow one outlasts its phase's deadline, the harness's patience, and a second.
Injector Ladder::injector_of(Target self) const {
  return {spec_.injection, self, 2 * phase_deadline_ns(spec_.settings) + 2'000'000'000, *state_};
}

template <class Visit>
void Ladder::visit_each(const std::vector<std::size_t>& admitted, Visit visit) {
  const int visits = spec_.mirrored ? 2 : 1;
  for (const auto i : admitted) {
    records_[i].meter.emplace(spec_.rungs[i], spec_.settings, spec_.scale, visits, spec_.reading);
  }
  for (const auto i : visit_order(spec_)) {
    if (records_[i].meter) visit(i);
  }
}

}  // namespace ipcmark
