#include "harness/runner.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <ctime>

#include "harness/handoff.hpp"
#include "harness/next.hpp"

namespace ipcmark {

volatile std::sig_atomic_t interrupted = 0;

namespace {

using nlohmann::json;

constexpr std::int64_t kTrustedShare = 20;  // a twentieth of a run

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  check(::getrandom(&bits, sizeof bits, 0), "getrandom");
  return bits;
}

std::int64_t unix_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

std::uint64_t rungs_of(const std::vector<LaunchPlan>& launches) {
  std::uint64_t rungs = 0;
  for (const auto& launch : launches) rungs += launch.rungs.size();
  return rungs;
}

std::int64_t expected_ns(const std::vector<LaunchPlan>& launches, const RunSettings& run) {
  std::int64_t sum = 0;
  for (const auto& launch : launches) sum += expected_ns(launch, run);
  return sum;
}

}  // namespace

Runner::Runner(RunRequest request, RunFolder folder, Topology topology)
    : request_(std::move(request)),
      folder_(std::move(folder)),
      topology_(std::move(topology)),
      console_(request_.quiet),
      prefix_(fmt::format("ipcmark-{:016x}", random_bits())) {
  if (request_.plan.run.seed == 0)
    request_.plan.run.seed = random_bits() >> 12;  // exact in JSON everywhere
}

int Runner::run() {
  started_ns_ = monotonic_now();
  describe();
  canaries_ = CanaryBook(clock_.quantum_ns / handoff::kRoundsEach);
  recount_done();
  const RunSettings& run = request_.plan.run;
  std::vector<LaunchPlan> launches = launches_of(request_.plan);
  auto explorers = exploring(launches);
  const std::uint32_t explored = exploring_blocks(launches, run);
  counts_.planned = explored * rungs_of(explorers) + run.blocks * rungs_of(launches);
  counts_.launches_planned = explored * explorers.size() + run.blocks * launches.size();
  left_ns_ = explored * expected_ns(explorers, run) + run.blocks * expected_ns(launches, run);
  pace_.trust_ns = left_ns_ / kTrustedShare;
  write_manifest(false);

  for (std::uint32_t block = 0; block < explored && interrupted == 0; ++block) {
    run_blocks(explorers, block, block + 1);
    if (interrupted == 0) ask_rates(explorers, launches, block, explored);
  }
  if (explored != 0 && interrupted == 0) {
    const auto before = launches;
    ask_next(launches);
    plan_more(before, launches, run.blocks);
  }
  run_blocks(launches, explored, explored + run.blocks);
  for (std::uint32_t block = explored + run.blocks;
       block < explored + run.max_blocks && interrupted == 0; ++block) {
    const auto answer = ask_analysis(folder_.path(), "blocks").at("blocks");
    stopped_ = answer.at("reason");
    if (answer.at("done").get<bool>() || over_budget(expected_ns(launches, run))) break;
    counts_.planned += rungs_of(launches), counts_.launches_planned += launches.size();
    run_blocks(launches, block, block + 1);
  }
  if (interrupted != 0) {
    stopped_ = "interrupted";
    write_manifest(false);
    console_.say(fmt::format(
        "interrupted; every finished launch is kept; go on with: ipcmark run --resume {}",
        folder_.path().string()));
    return 130;
  }
  write_manifest(true);
  for (const std::string& why : folder_.complete()) console_.say(why);
  return exit_code();
}

void Runner::run_blocks(const std::vector<LaunchPlan>& launches, std::uint32_t from,
                        std::uint32_t to) {
  for (std::uint32_t block = from; block < to; ++block) {
    if (over_budget(expected_ns(launches, request_.plan.run))) {
      stopped_ = "time budget";
      const auto blocks_left = to - block;
      counts_.planned -= blocks_left * rungs_of(launches);
      counts_.launches_planned -= blocks_left * launches.size();
      return;
    }
    blocks_ = block + 1;
    watch_noise(block);
    const auto scheduled = block_of(launches, block, request_.plan.run.seed);
    for (const auto& launch : scheduled) {
      if (interrupted != 0) return;
      run_one(launch);
    }
    repeat_contaminated(scheduled);
    write_manifest(false);
  }
}

void Runner::run_one(const ScheduledLaunch& launch) {
  const std::int64_t expected = expected_ns(launch.plan, request_.plan.run);
  left_ns_ -= expected;
  if (done_.contains(launch.id)) return;
  const std::int64_t began = monotonic_now();
  auto records = measure(launch);
  pace_.expected_ns += expected;
  pace_.taken_ns += monotonic_now() - began;
  counts_.count_launch(records);
  console_.progress(counts_.ok + counts_.skipped + counts_.failed, counts_.planned,
                    pace_.of(left_ns_), records.back());
  keep(launch, std::move(records));
}

// A launch that was condemned in an earlier attempt is in done_ under its new id: it is planned and
// counted again, and not run.
void Runner::repeat_contaminated(const std::vector<ScheduledLaunch>& block) {
  const std::uint32_t number = block.front().block;
  for (const auto& found : canaries_.judge(number)) {
    const auto again =
        repeated(*std::ranges::find(block, found.launch_id, &ScheduledLaunch::id), found.why);
    const bool made = done_.contains(again.id);
    const bool makes = !made && interrupted == 0 &&
                       canaries_.may_repeat(number, counts_.launches_repeated) &&
                       !over_budget(expected_ns(again.plan, request_.plan.run));
    manifest_["contaminated"].push_back({{"launch_id", found.launch_id},
                                         {"block", number},
                                         {"why", found.why},
                                         {"ratio", found.ratio},
                                         {"again", made || makes ? json(again.id) : json()}});
    if (!made && !makes) continue;
    ++counts_.launches_repeated, ++counts_.launches_planned;
    counts_.planned += again.plan.rungs.size();
    left_ns_ += expected_ns(again.plan, request_.plan.run);
    run_one(again);
  }
}

void Runner::keep(const ScheduledLaunch& launch, std::vector<json> records) {
  const std::int64_t now = unix_ns();
  for (auto& record : records) {
    record["run"] = folder_.name();
    record["rungs"] = records.size();
    record["finished_unix_ns"] = now;
    record["allowed"] = request_.overridden;
    if (!launch.supersedes.empty()) {
      record["supersedes"] = {{"launch_id", launch.supersedes}, {"why", launch.why}};
    }
  }
  canaries_.note(records);
  folder_.append(launch.plan.experiment, records);
  ++launch_order_;
}

void Runner::recount_done() {
  for (const auto& [id, records] : folder_.launches()) {
    done_.insert(id);
    ++launch_order_;
    counts_.count_launch(records);
    canaries_.note(records);
  }
}

void Runner::plan_more(const std::vector<LaunchPlan>& before, const std::vector<LaunchPlan>& now,
                       std::uint32_t blocks) {
  const RunSettings& run = request_.plan.run;
  counts_.planned += blocks * (rungs_of(now) - rungs_of(before));
  left_ns_ += blocks * (expected_ns(now, run) - expected_ns(before, run));
}

bool Runner::over_budget(std::int64_t next_ns) const {
  const auto budget = static_cast<std::int64_t>(request_.plan.run.time_budget_ns);
  return budget != 0 && monotonic_now() - started_ns_ + pace_.of(next_ns) > budget;
}

std::string Runner::why(int code) const {
  if (code == 77) return counts_.nothing_measured();
  return code == 4 || code == 5 ? counts_.too_many_failed() : "";
}

int Runner::exit_code() const {
  if (counts_.wrong_payload != 0) return 5;
  if (counts_.ok == 0) return counts_.failed == 0 ? 77 : 4;
  const double share = static_cast<double>(counts_.launches_failed) /
                       static_cast<double>(std::max<std::uint64_t>(counts_.launches_done, 1));
  return share > request_.plan.run.allowed_failures ? 4 : 0;
}

}  // namespace ipcmark
