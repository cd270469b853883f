#include "harness/environment.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/checks.hpp"
#include "harness/placement.hpp"
#include "harness/siphash.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr int kEnvironmentSchema = 1;
// Pairs of a placement that enter the epoch: as many as a publishing plan measures.
constexpr std::size_t kPairsInEpoch = 3;

json picked(const json& facts, std::initializer_list<const char*> names) {
  json fields = json::object();
  for (const char* name : names) fields[name] = facts.value(name, json());
  return fields;
}

// Rounded: the kernel's own share of memory varies with its version and configuration.
json memory_gib(const json& facts) {
  const json memory = facts.value("memory", json::object());
  const auto total = memory.find("MemTotal");
  if (total == memory.end()) return {};
  constexpr std::uint64_t kKibPerGib = 1024 * 1024;
  return (std::stoull(total->get<std::string>()) + kKibPerGib / 2) / kKibPerGib;
}

json placement_map(const Topology& topology) {
  json map;
  for (const PlacementOffer& offer : offer_placements(topology.cpus(), kPairsInEpoch)) {
    json pairs = json::array();
    for (const CpuPair& pair : offer.pairs) pairs.push_back({pair.client, pair.server});
    map[std::string(word(offer.placement))] = std::move(pairs);
  }
  return map;
}

// The pattern loops are templates: a plug-in's are its own compiler's. clang's version says more
// than CMake's name of it.
std::vector<Doubt> doubts_about(const std::vector<Plugin>& plugins, const BuildInfo& build) {
  std::vector<Doubt> doubts;
  for (const Plugin& plugin : plugins) {
    if (plugin.compiler.find(build.compiler) != std::string::npos) continue;
    doubts.push_back({"plugin_compiler",
                      fmt::format("plug-in {} was compiled by {}, this program by {}", plugin.name,
                                  plugin.compiler, build.compiler),
                      fmt::format("compile {} with {}", plugin.path, build.compiler)});
  }
  return doubts;
}

}  // namespace

// nlohmann::json keeps members sorted, so equal fields have equal texts.
json with_key(json fields) {
  fields["key"] = hex(siphash(fields.dump(), {0, 0}));
  return fields;
}

json machine_key(const json& facts, const Topology& topology) {
  json fields = picked(facts, {"arch", "cpu"});
  fields["topology"] = topology.summary();
  fields["memory_gib"] = memory_gib(facts);
  return with_key(std::move(fields));
}

json epoch_key(const json& facts, const Topology& topology) {
  json fields = picked(
      facts, {"kernel_release", "kernel_version", "microcode", "firmware", "kernel_parameters",
              "cpus_isolated", "vulnerabilities", "smt_control", "governor", "scaling_driver",
              "cpufreq_boost", "intel_pstate_no_turbo", "cpuidle_driver", "cpuidle_governor",
              "thp_enabled", "thp_defrag", "clocksource", "hypervisor", "libc"});
  fields["schema"] = kEnvironmentSchema;
  // Where there is none the key is what it was before anybody asked.
  const json emulator = facts.value("emulator", json());
  if (!emulator.is_null()) fields["emulator"] = emulator;
  fields["placements"] = placement_map(topology);
  return with_key(std::move(fields));
}

json build_key(const BuildInfo& build, const std::vector<Plugin>& plugins) {
  json ids = json::object();
  for (const Plugin& plugin : plugins) {
    const std::string file = std::filesystem::path(plugin.path).filename();
    ids[file] = plugin.build_id.empty() ? plugin.content : plugin.build_id;
  }
  return with_key({{"program", build.program_id},
                   {"plugins", std::move(ids)},
                   {"compiler", build.compiler},
                   {"flags", build.flags},
                   {"build_type", build.build_type}});
}

std::vector<Difference> differences(const json& here, const json& there) {
  std::vector<Difference> found;
  for (const char* part : {"machine", "epoch"}) {
    const json ours = here.value(part, json::object());
    const json theirs = there.value(part, json::object());
    const json key = theirs.is_object() ? theirs.value("key", json()) : json();
    if (key.is_string() && key == ours["key"]) continue;
    const std::size_t before = found.size();
    json all = ours;
    if (theirs.is_object()) all.update(theirs);
    for (const auto& [field, value] : all.items()) {
      const json a = ours.value(field, json());
      const json b = theirs.is_object() ? theirs.value(field, json()) : json();
      if (field != "key" && a != b) found.push_back({part, field, a, b});
    }
    if (found.size() == before) found.push_back({part, "key", ours["key"], key});
  }
  return found;
}

json describe_environment(const json& facts, const Topology& topology, const BuildInfo& build,
                          const std::vector<Plugin>& plugins) {
  json doubts = json::array();
  for (const Doubt& doubt : doubts_about(facts, build)) doubts.push_back(to_json(doubt));
  for (const Doubt& doubt : doubts_about(plugins, build)) doubts.push_back(to_json(doubt));
  json all_facts = facts;
  all_facts["topology"] = topology.summary();
  all_facts["commit"] = build.commit;
  all_facts["dirty"] = build.dirty();
  return {{"machine", machine_key(facts, topology)},
          {"epoch", epoch_key(facts, topology)},
          {"build", build_key(build, plugins)},
          {"facts", std::move(all_facts)},
          {"doubts", std::move(doubts)}};
}

}  // namespace ipcmark
