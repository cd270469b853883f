// `ipcmark run`: from options to an exit code.
#include "harness/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/build_info.hpp"
#include "harness/checks.hpp"
#include "harness/facts.hpp"
#include "harness/journal.hpp"
#include "harness/knob_journal.hpp"
#include "harness/plugins.hpp"
#include "harness/resolve.hpp"
#include "harness/run_lock.hpp"
#include "harness/runner.hpp"
#include "harness/text_file.hpp"
#include "harness/tuning.hpp"
#include "harness/words.hpp"

namespace ipcmark {

namespace {

void stop_after_this_launch(int) { interrupted = 1; }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler =
      &stop_after_this_launch;  // no SA_RESTART: waiting calls return and look again
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // A closed terminal is no reason to leave knobs changed; nohup's wish is.
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

std::string default_folder(const std::string& plan) {
  const std::time_t now = std::time(nullptr);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", std::localtime(&now));
  return fmt::format("results/{}-{}", stamp, plan);
}

// Spinning ends on one logical CPU wait for each other's time slices: 8 ms a round trip that say
// nothing.
bool spins_on_one_cpu(const LaunchPlan& launch) {
  const Case& any = launch.rungs.front();
  return any.placement == word(Placement::same_core) && any.wait == Wait::spin;
}

// All that forbids this run, also what the plan allows.
std::vector<Refusal> refusals_of(const Plan& plan, const std::vector<LaunchPlan>& launches) {
  std::vector<Refusal> all = refusals(collect_facts(), build_info(), plan.cpus);
  for (const Plugin& plugin : plugins()) {
    if (!plugin.optimised) {
      all.push_back({"debug_build", fmt::format("plug-in {} is built without optimisation "
                                                "({})",
                                                plugin.path, plugin.compiler)});
    }
    if (plugin.sanitized) {
      all.push_back(
          {"sanitizer_build", fmt::format("plug-in {} is built with a sanitizer", plugin.path)});
    }
  }
  if (std::ranges::any_of(launches, spins_on_one_cpu)) {
    all.push_back(
        {"spin_on_one_cpu",
         "the plan has spinning ends on one logical CPU (placement same_core, wait spin)"});
  }
  return all;
}

// Takes out what the plan allows; the names of what that was.
std::vector<std::string> take_overridden(std::vector<Refusal>& refused, const Plan& plan) {
  std::vector<std::string> overridden;
  std::erase_if(refused, [&](const Refusal& refusal) {
    const bool allowed = std::ranges::find(plan.allowed, refusal.check) != plan.allowed.end();
    if (allowed) overridden.push_back(refusal.check);
    return allowed;
  });
  return overridden;
}

std::unique_ptr<RunLock> take_lock() try {
  return std::make_unique<RunLock>();
} catch (const RunLockHeld& held) {
  throw Refused(held.what());
}

struct Effort {
  std::size_t cases = 0;
  std::int64_t ns = 0;

  void add(const LaunchPlan& launch, std::uint32_t blocks, const RunSettings& run) {
    cases += blocks * launch.rungs.size();
    ns += blocks * expected_ns(launch, run);
  }
};

void to_json(nlohmann::json& out, const Effort& effort) {
  out = {{"cases", effort.cases}, {"expected_ns", effort.ns}};
}

int print_dry_run(const Plan& plan, const std::vector<LaunchPlan>& launches, bool as_json) {
  std::map<std::string, Effort> per_experiment;
  Effort all;
  const auto add = [&](const std::vector<LaunchPlan>& some, std::uint32_t blocks) {
    for (const auto& launch : some) {
      per_experiment[launch.experiment].add(launch, blocks, plan.run);
      all.add(launch, blocks, plan.run);
    }
  };
  const std::uint32_t explored = exploring_blocks(launches, plan.run);
  const auto explorers = exploring(launches);
  add(explorers, explored);
  add(launches, plan.run.blocks);
  const std::size_t made = explored * explorers.size() + plan.run.blocks * launches.size();
  if (as_json) {
    const nlohmann::json dry = {{"plan", to_json(plan)},
                                {"experiments", per_experiment},
                                {"all", all},
                                {"launches", made},
                                {"blocks", explored + plan.run.blocks},
                                {"exploring_blocks", explored}};
    fmt::print("{}\n", dry.dump(1));
    return 0;
  }
  for (const auto& [name, effort] : per_experiment) {
    fmt::print("{:<12} {:>7} cases {:>6.1f} min\n", name, effort.cases,
               static_cast<double>(effort.ns) / 6e10);
  }
  fmt::print(
      "{:<12} {:>7} cases {:>6.1f} min, {} launches in {} blocks{}\n", "all", all.cases,
      static_cast<double>(all.ns) / 6e10, made, explored + plan.run.blocks,
      explored == 0
          ? ""
          : fmt::format(
                ", {} of which explore for T and knees; sizes and rates around them are added",
                explored));
  return 0;
}

// Halves of a run are of one environment.
void check_resumed(const RunOptions& run) {
  if (run.resume.empty()) return;
  const auto text = read_text(partial_run(run.resume) / "environment.json");
  const auto begun = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!begun.is_object()) return;  // it was stopped before it was described
  const bool tuned = begun.contains("tuning") && !begun["tuning"].is_null();
  if (tuned && !run.tune) throw UsageError("--resume: the run was begun with --tune; add it");
  if (run.tune && !tuned) throw UsageError("--resume: the run was begun without --tune; drop it");
}

// What --tune did, as it goes into the environment; null without it.
nlohmann::json tuning_told(const std::optional<Tuning>& tuning, bool quiet) {
  if (!tuning) return {};
  auto done = to_json(tuning->changes());
  if (quiet) return done;
  for (const std::string& line : tuning_lines(done)) fmt::print(stderr, "--tune: {}\n", line);
  return done;
}

std::filesystem::path journal_for_tuning() {
  auto journal = knob_journal_path();
  if (journal.empty())
    throw Refused("--tune needs a place for its journal: set HOME or XDG_STATE_HOME");
  return journal;
}

RunFolder folder_for(const Options& options, const Plan& plan) {
  if (!options.run.resume.empty()) return RunFolder::reopen(options.run.resume);
  return RunFolder::create(options.run.out.empty() ? default_folder(plan.name) : options.run.out);
}

// Where the run is must not be lost with a stdout that is full; of one without a reader main knows.
// Returns the exit code, which a failure to print changes only where it was 0.
int print_result(const std::string& text, const std::filesystem::path& run, int code) {
  const bool done = std::puts(text.c_str()) >= 0 && std::fflush(stdout) == 0;
  if (done || errno == EPIPE) return code;
  const std::string why = std::strerror(errno);
  std::fputs(("ipcmark: stdout: " + why + "; the run is kept in " + run.string() + "\n").c_str(),
             stderr);
  return code != 0 ? code : 3;
}

}  // namespace

int run_command(const Options& options) {
  const Plan plan = resolve_plan(options.run);
  Topology topology = Topology::this_machine();
  try {
    if (!plan.cpus.empty()) topology.force(plan.cpus);
  } catch (const std::invalid_argument& wrong) {
    throw Refused(wrong.what());
  }
  check_resumed(options.run);
  const auto launches = launches_of(plan);
  if (launches.empty()) throw UsageError("the plan has no case for what was asked");
  if (options.run.dry_run) return print_dry_run(plan, launches, options.json);
  auto refused = refusals_of(plan, launches);
  const auto overridden = take_overridden(refused, plan);
  for (const auto& refusal : refused) {
    fmt::print(stderr, "refused: {}; measure all the same with --allow={}\n", refusal.message,
               refusal.check);
  }
  if (!refused.empty()) return 3;
  const auto lock = take_lock();
  name_journal();
  catch_signals();
  for (const auto& line : restore_knobs(knob_journal_path()).lines)
    fmt::print(stderr, "{}\n", line);
  std::optional<Tuning> tuning;  // put back when the run is over, however
  if (options.run.tune) tuning.emplace(journal_for_tuning());
  Runner runner({.plan = plan,
                 .overridden = overridden,
                 .argv = options.argv,
                 .tuning = tuning_told(tuning, options.quiet),
                 .quiet = options.quiet},
                folder_for(options, plan), std::move(topology));
  const int code = runner.run();
  const std::string why = runner.why(code);  // told with --quiet too: it is no progress
  if (!why.empty()) std::fputs(("ipcmark: " + why + "\n").c_str(), stderr);
  const std::string result = options.json ? runner.manifest().dump(1) : runner.path().string();
  return print_result(result, runner.path(), code);
}

}  // namespace ipcmark
