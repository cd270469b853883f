#include "harness/effect.hpp"

#include "harness/contention.hpp"
#include "harness/launch.hpp"
#include "harness/shootdown.hpp"

namespace ipcmark {

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

std::unique_ptr<Effect> effect_of(const LaunchSpec& spec) {
  if (spec.reading == Reading::contention) return contention(spec);
  if (spec.reading == Reading::shootdowns) return shootdowns(spec);
  return nullptr;
}

}  // namespace ipcmark
