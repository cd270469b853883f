// A run: its folder, its blocks of launches, and the books it keeps.
#pragma once

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/canary_book.hpp"
#include "harness/clock.hpp"
#include "harness/console.hpp"
#include "harness/launch.hpp"
#include "harness/placement.hpp"
#include "harness/plan.hpp"
#include "harness/run_counts.hpp"
#include "harness/run_folder.hpp"
#include "harness/schedule.hpp"

namespace ipcmark {

// What a run is asked to do, after plan, flags and --like have been put together.
struct RunRequest {
  Plan plan;
  std::vector<std::string> overridden;  // checks that forbade the run but for --allow
  std::vector<std::string> argv;
  nlohmann::json tuning;  // what --tune did; null without it
  bool quiet = false;
};

// How launches go against what was expected of them: the time left is told by it. `trust_ns` of the
// expectation count as if they had been seen to be right, so that the first launches, of one
// experiment perhaps, do not speak for all.
struct Pace {
  std::int64_t expected_ns = 0, taken_ns = 0, trust_ns = 0;

  [[nodiscard]] std::int64_t of(std::int64_t expected) const {
    if (expected_ns + trust_ns == 0) return expected;
    return static_cast<std::int64_t>(static_cast<double>(expected) *
                                     static_cast<double>(taken_ns + trust_ns) /
                                     static_cast<double>(expected_ns + trust_ns));
  }
};

// Set by SIGINT and SIGTERM: the launch in hand is finished, then the run stops.
extern volatile std::sig_atomic_t interrupted;

class Runner {
 public:
  Runner(RunRequest request, RunFolder folder, Topology topology);

  // Runs what is not done yet. Exit code of DESIGN section 7: 0, 4, 5, 77 or 130.
  int run();
  // One line for a code that says that not enough was measured (4, 5, 77); else empty.
  [[nodiscard]] std::string why(int code) const;

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
  [[nodiscard]] const nlohmann::json& manifest() const { return manifest_; }

 private:
  void describe();
  void run_blocks(const std::vector<LaunchPlan>& launches, std::uint32_t from, std::uint32_t to);
  void run_one(const ScheduledLaunch& launch);
  // Those of a block that the canary condemns, while the run may still spend launches on it.
  void repeat_contaminated(const std::vector<ScheduledLaunch>& block);
  // `T` for auto rungs.
  void ask_next(std::vector<LaunchPlan>& launches);
  // Rates around the knees of load curves, after an exploring block.
  void ask_rates(std::vector<LaunchPlan>& explorers, std::vector<LaunchPlan>& launches,
                 std::uint32_t block, std::uint32_t explored);
  // The launches have grown since they were counted: in so many blocks to come.
  void plan_more(const std::vector<LaunchPlan>& before, const std::vector<LaunchPlan>& now,
                 std::uint32_t blocks);
  [[nodiscard]] std::optional<Injection> injection_of(std::uint32_t block) const;
  [[nodiscard]] LaunchSpec spec_of(const ScheduledLaunch& launch, const CpuPair& cpus) const;
  [[nodiscard]] std::vector<nlohmann::json> measure(const ScheduledLaunch& launch);
  void keep(const ScheduledLaunch& launch, std::vector<nlohmann::json> records);
  void recount_done();
  void watch_noise(std::uint32_t block);
  [[nodiscard]] bool is_allowed(std::string_view check) const;
  void write_manifest(bool complete);
  [[nodiscard]] bool over_budget(std::int64_t next_ns) const;
  [[nodiscard]] int exit_code() const;

  RunRequest request_;
  RunFolder folder_;
  Topology topology_;
  Console console_;
  ClockFacts clock_;
  std::string prefix_;
  nlohmann::json manifest_ = nlohmann::json::object();
  RunCounts counts_;
  CanaryBook canaries_;
  std::set<std::string> done_;  // launches of an earlier attempt
  std::uint32_t launch_order_ = 0;
  std::uint32_t blocks_ = 0;  // begun
  std::int64_t started_ns_ = 0;
  std::int64_t left_ns_ = 0;  // as expected
  Pace pace_;
  std::string stopped_ = "blocks done";
};

}  // namespace ipcmark
