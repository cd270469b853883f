#include "harness/spawn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/child.hpp"
#include "harness/clean.hpp"
#include "harness/launch_records.hpp"
#include "harness/launch_state.hpp"

namespace ipcmark {

namespace {

// Beyond a phase's own deadline, by which the launch itself puts away an end that hangs: after this
// it is the launch that does.
constexpr std::int64_t kGraceNs = 600'000'000;

Deadline patience_ends(const LaunchState& state) {
  return {state.deadline_ns.load(std::memory_order_relaxed) + kGraceNs};
}

// For rungs without a record. One that hung is told by the phase it hung in.
std::string why_it_ended(const Heard& heard, const LaunchState& state, const LaunchSpec& spec) {
  const std::string_view phase = word(state.phase.load(std::memory_order_relaxed));
  if (heard.hung && passed(patience_ends(state))) {
    return fmt::format("launch did not finish {} within {} ms", phase,
                       spec.settings.phase_deadline_ns / 1'000'000);
  }
  return fmt::format("launch {} in {}", heard.why.empty() ? "exited with 0" : heard.why, phase);
}

bool has_failed(const nlohmann::json& record) { return record.at("status") == "failed"; }

// What a launch that ended badly could not remove itself.
void sweep(const std::string& prefix) {
  CleanWorld world = this_world();
  world.prefix = prefix;
  world.folder_age_s = 0;  // all that could use a folder of this prefix has been waited for
  [[maybe_unused]] const auto removed = clean(world);
}

void note_injection(std::vector<nlohmann::json>& records, const Injection& injection,
                    const LaunchState& state) {
  const std::int64_t struck = state.fault_ns.load(std::memory_order_relaxed);
  for (auto& record : records) {
    record["injected"] = {{"fault", to_text(injection)}, {"ended_after_ns", nullptr}};
    if (struck != 0) record["injected"]["ended_after_ns"] = monotonic_now() - struck;
  }
}

}  // namespace

std::vector<nlohmann::json> run_launch_process(const LaunchSpec& spec, std::int64_t deadline_ns) {
  const SharedLaunchState state;
  const auto phase_ns = static_cast<std::int64_t>(spec.settings.phase_deadline_ns);
  state->enter(Phase::start, monotonic_now() + phase_ns);
  LaunchSpec told = spec;
  told.state_fd = state.fd();
  const Heard heard =
      ask_child("launch", to_json(told).dump(), deadline_ns,
                {.inherited_fd = state.fd(), .deadline = [&] { return patience_ends(*state); }});
  const std::string why = why_it_ended(heard, *state, spec);
  auto records = records_in(heard.text, spec, heard.why.empty() ? "" : why, why);
  if (!heard.why.empty() || std::ranges::any_of(records, has_failed)) sweep(spec.prefix);
  if (spec.injection) note_injection(records, *spec.injection, *state);
  return records;
}

}  // namespace ipcmark
