// `ipcmark doctor`: facts and three verdicts: may one measure here, compare with a run, and what
// stands against the numbers, each with the command that removes it. Measures nothing, and changes
// nothing but knobs that a killed run left changed: those it puts back.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/build_info.hpp"
#include "harness/checks.hpp"
#include "harness/commands.hpp"
#include "harness/counter_plan.hpp"
#include "harness/environment.hpp"
#include "harness/facts.hpp"
#include "harness/help.hpp"
#include "harness/knob_journal.hpp"
#include "harness/resolve.hpp"
#include "harness/text_file.hpp"
#include "harness/topology.hpp"
#include "harness/tuning.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 24;
constexpr int kForbidden = 3;  // the environment forbids it

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
                           "cpuidle_driver", "thp_enabled", "load", "emulator"}) {
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

void print_tuning(const json& tuning) {
  fmt::print("\n`ipcmark run all --tune` would set {} of {} knobs:\n", tuning["set"].size(),
             tuning["set"].size() + tuning["left"].size());
  for (const std::string& line : tuning_lines(tuning)) {
    const std::size_t space = line.find(' ');
    print_line(line.substr(0, space), line.substr(space + 1));
  }
}

// What each group of counters counts here; for what it does not, the reason and what removes it.
void print_counters(const json& groups) {
  fmt::print("\ncounters:\n");
  for (const json& group : groups) {
    const auto counts = group["counts"].get<std::vector<std::string>>();
    print_line(group["group"].get<std::string>(),
               counts.empty() ? "nothing" : fmt::format("{}", fmt::join(counts, ", ")));
    for (const json& missing : group["missing"]) {
      print_line("", fmt::format("not {}: {}", missing["names"].get<std::string>(),
                                 missing["why"].get<std::string>()));
      const auto remedy = missing["remedy"].get<std::string>();
      if (!remedy.empty()) print_line("", remedy);
    }
  }
}

void print_measuring(const json& refused) {
  if (refused.empty()) {
    fmt::print("\nmeasuring is allowed\n");
    return;
  }
  fmt::print("\nmeasuring is refused:\n");
  for (const json& refusal : refused) {
    print_line(refusal["check"].get<std::string>(), refusal["message"].get<std::string>());
    print_line("", fmt::format("ipcmark run all --allow {}", refusal["check"].get<std::string>()));
  }
}

void print_comparing(const json& comparing) {
  if (comparing.is_null()) return;
  const auto run = comparing["run"].get<std::string>();
  if (comparing["differs"].empty()) {
    fmt::print("\ncomparing with {} is allowed\n", run);
    return;
  }
  fmt::print("\ncomparing with {} is refused:\n", run);
  bool machine = false;
  for (const json& difference : comparing["differs"]) {
    machine |= difference["part"] == "machine";
    print_line(
        fmt::format("{} {}", difference["part"].get<std::string>(),
                    difference["field"].get<std::string>()),
        fmt::format("{} there, {} here", difference["there"].dump(), difference["here"].dump()));
  }
  print_line("", machine ? "measure both on one machine"
                         : fmt::format("analysis/compare.py {} RUN --across-epoch", run));
}

// {"run", "differs": [{part, field, here, there}]}; null where nobody asked.
json compared(const json& environment, const std::string& run) {
  if (run.empty()) return {};
  const auto file = std::filesystem::path(run) / "environment.json";
  const auto text = read_text(file);
  if (!text) throw UsageError(fmt::format("--against: {} cannot be read", file.string()));
  const json other = json::parse(*text, nullptr, false);
  if (!other.is_object())
    throw UsageError(fmt::format("--against: {} is no environment of a run", file.string()));
  json differs = json::array();
  for (const Difference& difference : differences(environment, other)) {
    differs.push_back({{"part", difference.part},
                       {"field", difference.field},
                       {"here", difference.here},
                       {"there", difference.there}});
  }
  return {{"run", run}, {"differs", std::move(differs)}};
}

int restore(const Restored& restored) {
  for (const std::string& line : restored.lines) fmt::print("{}\n", line);
  if (restored.lines.empty()) fmt::print("nothing to restore\n");
  return restored.complete ? 0 : kForbidden;
}

}  // namespace

int doctor_command(const Options& options) {
  const Restored restored = restore_knobs(knob_journal_path());
  if (options.doctor.restore) return restore(restored);
  for (const std::string& line : restored.lines) fmt::print(stderr, "{}\n", line);
  const Topology topology = Topology::this_machine();
  const BuildInfo build = build_info();
  const json facts = collect_facts();
  json report = describe_environment(facts, topology, build);
  report["tuning"] = to_json(plan_tuning());
  report["counters"] = counter_status(perf_events());
  report["refusals"] = json::array();
  for (const Refusal& refusal : refusals(facts, build, options.doctor.cpus)) {
    report["refusals"].push_back(to_json(refusal));
  }
  report["compared"] = compared(report, options.doctor.against);
  if (options.json) {
    fmt::print("{}\n", report.dump(1));
  } else {
    print_facts(report, topology);
    print_tuning(report["tuning"]);
    print_doubts(report["doubts"]);
    print_counters(report["counters"]);
    print_comparing(report["compared"]);
    print_measuring(report["refusals"]);
  }
  const bool comparable = report["compared"].is_null() || report["compared"]["differs"].empty();
  return report["refusals"].empty() && comparable ? 0 : kForbidden;
}

}  // namespace ipcmark
