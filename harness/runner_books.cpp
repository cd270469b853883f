// The books of a run: what is written beside its records.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "harness/binding.hpp"
#include "harness/build_info.hpp"
#include "harness/checks.hpp"
#include "harness/environment.hpp"
#include "harness/facts.hpp"
#include "harness/noise.hpp"
#include "harness/plugins.hpp"
#include "harness/record.hpp"
#include "harness/run.hpp"
#include "harness/runner.hpp"
#include "harness/transport_list.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

using nlohmann::json;

namespace {

constexpr std::chrono::nanoseconds kCalibration = std::chrono::seconds(1);
// A noise probe takes this share of the time that is left, per CPU, within these bounds.
constexpr double kProbeShare = 0.002;
constexpr std::int64_t kShortestProbeNs = 10'000'000;
constexpr std::int64_t kLongestProbeNs = 1'000'000'000;
constexpr std::size_t kMostProbed = 8;  // the best CPUs: where the ends are

std::int64_t unix_now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

// The clock is measured where the ends will run; a resumed run measures it again, since the machine
// may have rested.
void Runner::describe() {
  const int cpu = topology_.cpus().usable.front().cpu;
  std::thread([&] {
    bind_this_thread(cpu);
    clock_ = measure_clock(kCalibration);
  }).join();
  for (const auto& refusal : refusals(clock_)) {
    if (!is_allowed(refusal.check)) throw Refused(refusal.message);
    request_.overridden.push_back(refusal.check);
  }
  for (const auto& doubt : doubts_about(clock_)) console_.say(doubt.message);
  if (std::filesystem::exists(folder_.path() / "manifest.json")) {
    manifest_ = folder_.manifest();
  }
  manifest_["contaminated"] = json::array();  // told again, from the records
  json environment = describe_environment(collect_facts(), topology_, build_info(), plugins());
  environment["tuning"] = request_.tuning;
  folder_.write("environment.json", environment.dump(1) + "\n");
  folder_.write("environment.xml", topology_.xml());
}

bool Runner::is_allowed(std::string_view check) const {
  return std::ranges::find(request_.plan.allowed, check) != request_.plan.allowed.end();
}

// Per CPU that an end may run on: gaps that somebody else made.
void Runner::watch_noise(std::uint32_t block) {
  const auto share = static_cast<std::int64_t>(kProbeShare * static_cast<double>(left_ns_));
  const std::chrono::nanoseconds each(
      std::clamp<std::int64_t>(share, kShortestProbeNs, kLongestProbeNs));
  json noise = json::array();
  for (const auto& place : topology_.cpus().usable) {
    std::thread([&] {
      noise.push_back(to_json(probe_noise(place.cpu, each, TickScale(clock_.ticks_per_ns))));
    }).join();
    if (noise.size() == kMostProbed) break;
  }
  manifest_["probes"].push_back({{"block", block}, {"when", "start"}, {"noise", std::move(noise)}});
}

std::optional<Injection> Runner::injection_of(std::uint32_t block) const {
  const auto& faults = request_.plan.inject;
  return block < faults.size() ? std::optional(faults[block]) : std::nullopt;
}

void Runner::write_manifest(bool complete) {
  const BuildInfo build = build_info();
  manifest_["schema"] = kSchema;
  manifest_["run"] = folder_.name();
  manifest_["prefix"] = prefix_;
  manifest_["plan"] = to_json(request_.plan);
  manifest_["plan_name"] = request_.plan.name;
  manifest_["plugins"] = json::array();
  for (const Plugin& plugin : plugins()) manifest_["plugins"].push_back(to_json(plugin));
  manifest_["neutral"] = neutral_axes();
  for (const Transport& transport : transports()) {
    manifest_["transports"][std::string(transport.traits.name)] = promises_of(transport);
  }
  manifest_["seed"] = request_.plan.run.seed;
  manifest_["argv"] = request_.argv;
  manifest_["version"] = IPCMARK_VERSION;
  manifest_["commit"] = build.commit;
  manifest_["dirty"] = build.dirty();
  if (!manifest_.contains("started_unix_ns")) manifest_["started_unix_ns"] = unix_now_ns();
  manifest_["finished_unix_ns"] = complete ? json(unix_now_ns()) : json();
  manifest_["interrupted"] = stopped_ == "interrupted";
  manifest_["stopped"] = stopped_;
  manifest_["cases_planned"] = counts_.planned;
  manifest_["cases_ok"] = counts_.ok;
  manifest_["cases_skipped"] = counts_.skipped;
  manifest_["cases_failed"] = counts_.failed;
  manifest_["launches_planned"] = counts_.launches_planned;
  manifest_["launches_done"] = counts_.launches_done;
  manifest_["launches_repeated"] = counts_.launches_repeated;
  manifest_["blocks"] = blocks_;
  manifest_["allowed"] = request_.overridden;
  manifest_["clock"] = to_json(clock_);
  folder_.write("manifest.json", manifest_.dump(1) + "\n");
}

}  // namespace ipcmark
