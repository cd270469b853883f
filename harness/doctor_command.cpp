// `ipcmark doctor`: facts, doubts, and for each the command that removes it. Measures and changes
// nothing, unless told to restore what a killed run had changed.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/build_info.hpp"
#include "harness/checks.hpp"
#include "harness/commands.hpp"
#include "harness/environment.hpp"
#include "harness/facts.hpp"
#include "harness/help.hpp"
#include "harness/knob_journal.hpp"
#include "harness/topology.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 24;

void print_line(std::string_view name, std::string_view text) {
  fmt::print("{:<{}}{}\n", name, kIndent, wrapped(text, kWidth - kIndent, kIndent));
}

// One field of a key or fact; nothing when the machine does not say.
void print_fact(const json& fields, const char* name) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->is_null() || *found == "") return;
  print_line(name, found->is_string() ? found->get<std::string>() : found->dump());
}

void print_facts(const json& environment, const Topology& topology) {
  print_line("topology", topology.summary());
  for (const char* name : {"cpu_model", "memory_gib"}) print_fact(environment["machine"], name);
  for (const char* name : {"kernel_release", "clocksource", "cpus_isolated", "smt_control",
                           "cpuidle_driver", "thp_enabled", "load"}) {
    print_fact(environment["facts"], name);
  }
  for (const char* name : {"machine", "epoch", "build"}) {
    print_line(fmt::format("{} key", name), environment[name].value("key", ""));
  }
}

void print_doubts(const json& doubts) {
  fmt::print("\n{} doubts{}\n", doubts.size(), doubts.empty() ? "" : ":");
  for (const json& doubt : doubts) {
    print_line(doubt["check"].get<std::string>(), doubt["message"].get<std::string>());
    const auto remedy = doubt["remedy"].get<std::string>();
    if (!remedy.empty()) print_line("", remedy);
  }
}

void print_refusals(const std::vector<Refusal>& refused) {
  if (refused.empty()) return;
  fmt::print("\n`ipcmark run` refuses:\n");
  for (const Refusal& refusal : refused) {
    print_line(refusal.check, refusal.message);
    print_line("", fmt::format("ipcmark run ... --allow {}", refusal.check));
  }
}

int restore() {
  const auto lines = restore_knobs(knob_journal_path());
  for (const std::string& line : lines) fmt::print("{}\n", line);
  if (lines.empty()) fmt::print("nothing to restore\n");
  return 0;
}

}  // namespace

int doctor_command(const Options& options) {
  if (options.restore) return restore();
  const Topology topology = Topology::this_machine();
  const BuildInfo build = build_info();
  const json facts = collect_facts();
  json environment = describe_environment(facts, topology, build);
  const std::vector<Refusal> refused = refusals(facts, build, {});
  if (options.json) {
    auto& all = environment["refusals"] = json::array();
    for (const Refusal& refusal : refused) all.push_back(to_json(refusal));
    fmt::print("{}\n", environment.dump(1));
    return 0;
  }
  print_facts(environment, topology);
  print_doubts(environment["doubts"]);
  print_refusals(refused);
  return 0;
}

}  // namespace ipcmark
