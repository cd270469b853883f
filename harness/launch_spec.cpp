// How a launch's specification travels.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/launch.hpp"
#include "harness/words.hpp"

namespace ipcmark {

using nlohmann::json;

int cpu_of(const LaunchSpec& spec, Role role, std::uint32_t index) {
  if (index == 0) return role == Role::client ? spec.client_cpu : spec.server_cpu;
  const std::uint32_t clients = spec.rungs.front().producers;
  return spec.more_cpus.at(role == Role::client ? index - 1 : clients - 1 + index - 1);
}

Crowding crowding_of(const LaunchSpec& spec) {
  std::map<int, std::size_t> roles;
  ++roles[spec.client_cpu], ++roles[spec.server_cpu];
  for (const int cpu : spec.more_cpus) ++roles[cpu];
  for (const int cpu : spec.third_cpus) ++roles[cpu];
  std::size_t most = 0;
  for (const auto& [cpu, count] : roles) most = std::max(most, count);
  return {.roles = spec.more_cpus.size() + spec.third_cpus.size() + 2,
          .cpus = roles.size(),
          .most = most};
}

json to_json(const LaunchSpec& spec) {
  json rungs = json::array();
  for (const auto& rung : spec.rungs) rungs.push_back(to_json(rung));
  const RunSettings& run = spec.settings;
  return {{"launch_id", spec.launch_id},
          {"experiment", spec.experiment},
          {"block", spec.block},
          {"launch_order", spec.launch_order},
          {"prefix", spec.prefix},
          {"seed", spec.seed},
          {"mirrored", spec.mirrored},
          {"reading", word(spec.reading)},
          {"rungs", std::move(rungs)},
          {"plugin", spec.plugin},
          {"plugin_content", spec.plugin_content},
          {"client_cpu", spec.client_cpu},
          {"server_cpu", spec.server_cpu},
          {"more_cpus", spec.more_cpus},
          {"third_cpus", spec.third_cpus},
          {"run_seed", run.seed},
          {"warm_up_ns", run.warm_up_ns},
          {"warm_up_messages", run.warm_up_messages},
          {"measure_ns", run.measure_ns},
          {"operations_ns", run.operations_ns},
          {"windows", run.windows},
          {"phase_deadline_ns", run.phase_deadline_ns},
          {"ticks_per_ns", spec.scale.ticks_per_ns},
          {"quantum_ns", spec.scale.quantum_ns},
          {"injection", spec.injection ? to_text(*spec.injection) : ""},
          {"state_fd", spec.state_fd}};
}

LaunchSpec launch_spec_from_json(const json& from) {
  LaunchSpec spec;
  from.at("launch_id").get_to(spec.launch_id);
  from.at("experiment").get_to(spec.experiment);
  from.at("block").get_to(spec.block);
  from.at("launch_order").get_to(spec.launch_order);
  from.at("prefix").get_to(spec.prefix);
  from.at("seed").get_to(spec.seed);
  from.at("mirrored").get_to(spec.mirrored);
  spec.reading = from_word<Reading>(from.at("reading").get<std::string>()).value();
  for (const auto& rung : from.at("rungs")) spec.rungs.push_back(case_from_json(rung));
  from.at("plugin").get_to(spec.plugin);
  from.at("plugin_content").get_to(spec.plugin_content);
  from.at("client_cpu").get_to(spec.client_cpu);
  from.at("server_cpu").get_to(spec.server_cpu);
  from.at("more_cpus").get_to(spec.more_cpus);
  from.at("third_cpus").get_to(spec.third_cpus);
  from.at("run_seed").get_to(spec.settings.seed);
  from.at("warm_up_ns").get_to(spec.settings.warm_up_ns);
  from.at("warm_up_messages").get_to(spec.settings.warm_up_messages);
  from.at("measure_ns").get_to(spec.settings.measure_ns);
  from.at("operations_ns").get_to(spec.settings.operations_ns);
  from.at("windows").get_to(spec.settings.windows);
  from.at("phase_deadline_ns").get_to(spec.settings.phase_deadline_ns);
  from.at("ticks_per_ns").get_to(spec.scale.ticks_per_ns);
  from.at("quantum_ns").get_to(spec.scale.quantum_ns);
  const auto injection = from.at("injection").get<std::string>();
  if (!injection.empty()) spec.injection = parse_injection(injection);
  from.at("state_fd").get_to(spec.state_fd);
  return spec;
}

}  // namespace ipcmark
