// Plans in manifests: what `--like` and `--resume` repeat.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/axes.hpp"
#include "harness/nearest.hpp"
#include "harness/plan.hpp"
#include "harness/settings.hpp"

namespace ipcmark {
namespace {

PlanEntry entry_from(const nlohmann::json& from) {
  PlanEntry entry{from.at("experiment").get<std::string>(), {}};
  if (find_experiment(entry.experiment) == nullptr) {
    throw std::invalid_argument(
        fmt::format("no experiment `{}` in this program", entry.experiment));
  }
  for (const auto& [name, texts] : from.at("axes").items()) {
    const Axis* axis = find_axis(name);
    if (axis == nullptr) throw std::invalid_argument(fmt::format("no axis `{}`", name));
    std::vector<std::string>& values = entry.axes[name];
    for (const auto& text : texts) values.push_back(axis->canonical(text.get<std::string>()));
  }
  return entry;
}

}  // namespace

nlohmann::json to_json(const Plan& plan) {
  auto entries = nlohmann::json::array();
  for (const PlanEntry& entry : plan.entries) {
    entries.push_back({{"experiment", entry.experiment}, {"axes", entry.axes}});
  }
  nlohmann::json object = {{"name", plan.name},
                           {"run", to_json(plan.run)},
                           {"entries", std::move(entries)},
                           {"cpus", plan.cpus},
                           {"allowed", plan.allowed}};
  for (const Injection& injection : plan.inject) object["inject"].push_back(to_text(injection));
  return object;
}

Plan plan_from_json(const nlohmann::json& manifest_plan) {
  try {
    Plan plan;
    manifest_plan.at("name").get_to(plan.name);
    plan.run = run_settings_from_json(manifest_plan.at("run"));
    for (const auto& from : manifest_plan.at("entries")) plan.entries.push_back(entry_from(from));
    manifest_plan.at("cpus").get_to(plan.cpus);
    manifest_plan.at("allowed").get_to(plan.allowed);
    for (const auto& text : manifest_plan.value("inject", nlohmann::json::array())) {
      plan.inject.push_back(parse_injection(text.get<std::string>()));
    }
    return plan;
  } catch (const nlohmann::json::exception& error) {
    throw UsageError(fmt::format("plan in the manifest: {}", error.what()));
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("plan in the manifest: {}", error.what()));
  }
}

}  // namespace ipcmark
