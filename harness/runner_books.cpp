// The books of a run: what is written beside its records.
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "harness/binding.hpp"
#include "harness/environment.hpp"
#include "harness/noise.hpp"
#include "harness/record.hpp"
#include "harness/runner.hpp"

namespace ipcmark {

using nlohmann::json;

namespace {

constexpr std::chrono::nanoseconds kCalibration = std::chrono::seconds(1);
// A noise probe takes this share of a block, up to a second per CPU.
constexpr double kProbeShare = 0.005;

}  // namespace

// The clock is measured where the ends will run; a resumed run measures it again, since the machine may have rested.
void Runner::describe() {
  const auto& cpus = topology_.cpus().usable;
  std::thread([&] {
    bind_this_thread(cpus.front().cpu);
    clock_ = measure_clock(kCalibration);
  }).join();
  if (clock_.calibration_error_ppm > kCalibrationRefusePpm) {
    throw std::runtime_error(fmt::format("the clock is known only to {:.0f} ppm; at most {:.0f} are bearable", clock_.calibration_error_ppm, kCalibrationRefusePpm));
  }
  if (clock_.calibration_error_ppm > kCalibrationWarnPpm) {
    console_.say(fmt::format("the clock is known only to {:.0f} ppm", clock_.calibration_error_ppm));
  }
  if (std::filesystem::exists(folder_.path() / "manifest.json")) manifest_ = folder_.read("manifest.json");
  folder_.write("environment.json", environment(topology_).dump(1));
  folder_.write("environment.xml", topology_.xml());
}

// Per CPU that an end may run on: gaps that somebody else made.
void Runner::probe_noise(std::uint32_t block) {
  const std::int64_t wanted = static_cast<std::int64_t>(kProbeShare * static_cast<double>(left_ns_));
  const auto each = std::chrono::nanoseconds(std::clamp<std::int64_t>(wanted, 10'000'000, 1'000'000'000));
  json noise = json::array();
  for (const auto& place : topology_.cpus().usable) {
    std::thread([&] {
      bind_this_thread(place.cpu);
      noise.push_back(to_json(probe_cpu_noise(each, clock_.ticks_per_ns)));
      noise.back()["cpu"] = place.cpu;
    }).join();
    if (noise.size() == 8) break;  // the best ones: where the ends are
  }
  manifest_["probes"].push_back({{"block", block}, {"when", "start"}, {"noise", std::move(noise)}});
}

void Runner::write_manifest(bool complete) {
  const BuildFacts build = build_facts();
  manifest_["schema"] = kSchema;
  manifest_["run"] = folder_.name();
  manifest_["plan"] = to_json(request_.plan);
  manifest_["plan_name"] = request_.plan.name;
  manifest_["seed"] = request_.plan.run.seed;
  manifest_["argv"] = request_.argv;
  manifest_["version"] = build.version;
  manifest_["commit"] = build.commit;
  manifest_["dirty"] = build.dirty;
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
  manifest_["blocks"] = blocks_;
  manifest_["allowed"] = request_.plan.allowed;
  manifest_["clock"] = to_json(clock_);
  folder_.write("manifest.json", manifest_.dump(1) + "\n");
}

}  // namespace ipcmark
