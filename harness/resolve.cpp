#include "harness/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/axes.hpp"
#include "harness/json_text.hpp"
#include "harness/nearest.hpp"
#include "harness/plugins.hpp"
#include "harness/run_folder.hpp"
#include "harness/settings.hpp"
#include "harness/share.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

// With its plug-ins, which have to be the same to go on with it (`unchanged`), not to repeat it. A
// run is named by its folder, or by its name under results/.
Plan plan_of_run(const std::string& run, bool unchanged) {
  for (const fs::path& folder : {fs::path(run), fs::path("results") / run}) {
    const auto text = read_text(folder / "manifest.json");
    if (!text) continue;
    const auto manifest = parse_json(*text);
    if (!manifest.is_object() || !manifest.contains("plan")) {
      throw UsageError(fmt::format("{}: no plan in it", (folder / "manifest.json").string()));
    }
    admit_plugins_of(manifest, unchanged);
    return plan_from_json(manifest["plan"]);
  }
  throw UsageError(fmt::format("{}: no run there (no manifest.json)", run));
}

// Every axis that the experiment sets and the table does not.
void fill(PlanEntry& entry) {
  const Experiment& experiment = *find_experiment(entry.experiment);
  for (const auto& [name, texts] : experiment.defaults) {
    Texts& values = entry.axes[name];
    if (!values.empty()) continue;
    for (const std::string& text : texts) {
      std::ranges::move(find_axis(name)->values(text), std::back_inserter(values));
    }
  }
  Texts& transports = entry.axes["transport"];
  if (transports.empty()) transports = find_axis("transport")->words();
}

void select(Plan& plan, const Texts& experiments) {
  if (experiments.empty()) return;
  std::erase_if(plan.entries, [&](const PlanEntry& entry) {
    return std::ranges::find(experiments, entry.experiment) == experiments.end();
  });
  for (const std::string& name : experiments) {
    if (std::ranges::find(plan.entries, name, &PlanEntry::experiment) == plan.entries.end()) {
      plan.entries.push_back({name, {}});
    }
  }
}

void keep_transports(Plan& plan, const Texts& asked) {
  std::set<std::string> experiments;
  std::set<std::pair<std::string, std::string>> measured;
  for (PlanEntry& entry : plan.entries) {
    experiments.insert(entry.experiment);
    std::erase_if(entry.axes["transport"], [&](const std::string& transport) {
      return std::ranges::find(asked, transport) == asked.end();
    });
    for (const auto& kept : entry.axes["transport"]) measured.emplace(entry.experiment, kept);
  }
  std::erase_if(plan.entries, [](const PlanEntry& e) { return e.axes.at("transport").empty(); });
  for (const std::string& experiment : experiments) {
    PlanEntry entry{experiment, {{"transport", {}}}};
    for (const std::string& transport : asked) {
      if (!measured.contains({experiment, transport})) entry.axes["transport"].push_back(transport);
    }
    if (entry.axes["transport"].empty()) continue;
    fill(entry);
    plan.entries.push_back(std::move(entry));
  }
}

void override_axes(Plan& plan, const Axes& overrides) {
  for (PlanEntry& entry : plan.entries) fill(entry);
  if (const auto asked = overrides.find("transport"); asked != overrides.end()) {
    keep_transports(plan, asked->second);
  }
  for (PlanEntry& entry : plan.entries) {
    for (const auto& [name, values] : overrides) {
      if (name != "transport") entry.axes[name] = values;
    }
  }
  // An axis value that one experiment refuses (a ping that is asked to pour) is no error as long as
  // another takes it.
  std::erase_if(plan.entries, [](const PlanEntry& entry) {
    try {
      return expand(*find_experiment(entry.experiment), entry.axes).empty();
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("{}: {}", entry.experiment, error.what()));
    }
  });
}

Plan base_plan(const RunOptions& options) {
  if (!options.resume.empty()) return plan_of_run(partial_run(options.resume).string(), true);
  if (!options.like.empty()) return plan_of_run(options.like, false);
  return load_plan(find_plan(options.plan));
}

}  // namespace

Texts shipped_plans() {
  std::set<std::string> names;
  for (const fs::path& folder : shared_folders("plans")) {
    std::error_code none;
    for (const auto& file : fs::directory_iterator(folder, none)) {
      if (file.path().extension() == ".toml") names.insert(file.path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

std::string find_plan(const std::string& name) {
  std::error_code none;
  for (const fs::path& folder : shared_folders("plans")) {
    const fs::path shipped = folder / (name + ".toml");
    if (fs::exists(shipped, none)) return shipped.string();
  }
  if (fs::exists(name, none)) return name;
  throw UsageError(fmt::format("no plan `{}`: neither a file nor a shipped plan{}", name,
                               did_you_mean(name, shipped_plans())));
}

Plan resolve_plan(const RunOptions& options) {
  Plan plan = base_plan(options);
  select(plan, options.experiments);
  if (plan.entries.empty()) {
    throw UsageError(fmt::format("{}: no experiment in it; add a table for one: [{}]", options.plan,
                                 fmt::join(experiment_names(), "], [")));
  }
  override_axes(plan, options.overrides);
  if (plan.entries.empty()) {
    throw UsageError("no case is left: every experiment asked for refuses these axes");
  }
  for (const auto& [name, text] : options.settings) set(plan.run, name, text);
  if (!options.cpus.empty()) plan.cpus = options.cpus;
  for (const std::string& check : options.allow) {
    if (std::ranges::find(plan.allowed, check) == plan.allowed.end()) plan.allowed.push_back(check);
  }
  if (!options.inject.empty()) plan.inject = options.inject;
  if (plan.inject.size() > plan.run.blocks) {
    throw UsageError(fmt::format("--inject: {} faults, one a block, and {} blocks; add --blocks",
                                 plan.inject.size(), plan.run.blocks));
  }
  return plan;
}

}  // namespace ipcmark
