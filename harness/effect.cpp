#include "harness/effect.hpp"

#include "harness/contention.hpp"
#include "harness/launch.hpp"
#include "harness/shootdown.hpp"
#include "harness/shootdown_plan.hpp"

namespace ipcmark {

namespace {

// Of a probe, and of what the roles and the coordinator say to each other.
constexpr std::int64_t kTalkNs = 3'000'000;

}  // namespace

void take_roles(const std::vector<Report>& reports, RungResult& result) {
  result.roles.resize(reports.size());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    auto& role = result.roles[i];
    role.messages = reports[i].steps[0].messages;
    role.cpu_ns = reports[i].steps[0].cpu_ns;
    role.usage = reports[i].usage;
    role.cpus.insert(reports[i].cpu);
    result.window_cpu_ns += static_cast<double>(role.cpu_ns);
  }
  result.windowed = result.roles[0].messages;
}

std::string effect_refusal(Reading reading, const Case& point) {
  if (reading == Reading::contention) return contention_refusal(point);
  return reading == Reading::shootdowns ? shootdown_refusal(point) : "";
}

std::int64_t effect_ns(Reading reading, const Case& point, const RunSettings& run) {
  const auto budget = static_cast<std::int64_t>(run.measure_ns + run.operations_ns);
  return kTalkNs +
         (reading == Reading::shootdowns ? shootdown_plan::expected_ns(point, run) : budget);
}

std::unique_ptr<Effect> effect_of(const LaunchSpec& spec) {
  if (spec.reading == Reading::contention) return contention(spec);
  if (spec.reading == Reading::shootdowns) return shootdowns(spec);
  return nullptr;
}

}  // namespace ipcmark
