#include "harness/runner.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "harness/handoff.hpp"
#include "harness/idle_hold.hpp"
#include "harness/next.hpp"
#include "harness/plugins.hpp"
#include "harness/record.hpp"
#include "harness/resolve.hpp"
#include "harness/spawn.hpp"
#include "harness/words.hpp"

namespace ipcmark {

volatile std::sig_atomic_t interrupted = 0;

namespace {

using nlohmann::json;

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

// More roles than there are CPUs for them. Both ends on one CPU is a placement, not this.
bool exceeds(const Crowding& crowding, std::uint32_t roles_per_cpu) {
  return crowding.roles > 2 && roles_per_cpu != 0 && crowding.most > roles_per_cpu;
}

// CPUs of all roles beyond the pair: of ends, then of third parties.
struct Beyond {
  std::vector<int> ends, third;
};
Beyond beyond(const CpuView& view, const CpuPair& pair, const Case& any) {
  const std::size_t ends = any.producers + any.consumers - 2, third = any.third_parties();
  const auto all = cpus_beyond(view, pair, any.producers - 1, any.consumers - 1 + third);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(ends);
  Beyond found{{all.begin(), middle}, {middle, all.end()}};
  if (any.beside == Beside::client) found.third.assign(third, pair.client);
  if (any.beside == Beside::server) found.third.assign(third, pair.server);
  return found;
}

std::vector<json> skipped_launch(const LaunchSpec& spec, const std::string& why) {
  std::vector<json> records;
  for (const auto& rung : spec.rungs) {
    records.push_back(failed_record(spec, rung, why));
    records.back()["status"] = "skipped";
  }
  return records;
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
  folder_.complete();
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

std::vector<json> Runner::measure(const ScheduledLaunch& launch) {
  const Case& any = launch.plan.rungs.front();
  const auto placement = from_word<Placement>(any.placement).value();
  const auto offer = offer_placement(topology_.cpus(), placement, request_.plan.run.pairs);
  if (offer.pairs.empty()) return skipped_launch(spec_of(launch, {}), offer.reason);
  const LaunchSpec spec = spec_of(launch, offer.pairs[launch.block % offer.pairs.size()]);
  const Crowding crowding = crowding_of(spec);
  const std::uint32_t most = request_.plan.run.roles_per_cpu;
  if (exceeds(crowding, most)) {
    return skipped_launch(spec, fmt::format("{} roles on {} CPUs: up to {} on one, the plan allows "
                                            "roles_per_cpu {}",
                                            crowding.roles, crowding.cpus, crowding.most, most));
  }
  if (any.wait == Wait::spin && crowding.most > 1 && !is_allowed("spin_on_one_cpu")) {
    return skipped_launch(
        spec, fmt::format("{} roles would spin on {} logical CPU{}", crowding.roles, crowding.cpus,
                          crowding.cpus == 1 ? "" : "s"));
  }
  LaunchSpec ready = spec;
  std::vector<std::size_t> without_t;  // an auto rung whose T nobody could measure
  for (std::size_t i = ready.rungs.size(); i-- > 0;) {
    if (ready.rungs[i].path != Path::automatic || ready.rungs[i].threshold_bytes >= 0) continue;
    without_t.push_back(i);
    ready.rungs.erase(ready.rungs.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::vector<json> records;
  if (!ready.rungs.empty()) {
    try {
      const IdleHold hold(any.idle);
      records = run_launch_process(ready, longest_ns(launch.plan, ready.settings));
    } catch (const std::system_error& error) {
      records = skipped_launch(ready, error.what());
    }
  }
  for (const auto i : without_t) {
    records.push_back(
        failed_record(spec, spec.rungs[i], "no T was found for auto: see summary.json"));
    records.back()["status"] = "skipped";
  }
  return records;
}

LaunchSpec Runner::spec_of(const ScheduledLaunch& launch, const CpuPair& cpus) const {
  const Case& any = launch.plan.rungs.front();
  const Plugin* plugin = plugin_of(any.transport);
  Beyond more = beyond(topology_.cpus(), cpus, any);
  return {.launch_id = launch.id,
          .experiment = launch.plan.experiment,
          .block = launch.block,
          .launch_order = launch_order_,
          .prefix = fmt::format("{}-{}", prefix_, launch.id),
          .seed = launch.seed,
          .mirrored = launch.plan.mirrored,
          .reading = launch.plan.reading,
          .rungs = launch.plan.rungs,
          .plugin = plugin == nullptr ? "" : plugin->path,
          .plugin_content = plugin == nullptr ? "" : plugin->content,
          .client_cpu = cpus.client,
          .server_cpu = cpus.server,
          .more_cpus = std::move(more.ends),
          .third_cpus = std::move(more.third),
          .settings = request_.plan.run,
          .scale = {.ticks_per_ns = clock_.ticks_per_ns, .quantum_ns = clock_.quantum_ns},
          .injection = injection_of(launch.block)};
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

int Runner::exit_code() const {
  if (counts_.wrong_payload != 0) return 5;
  if (counts_.ok == 0) return counts_.failed == 0 ? 77 : 4;
  const double share = static_cast<double>(counts_.launches_failed) /
                       static_cast<double>(std::max<std::uint64_t>(counts_.launches_done, 1));
  return share > request_.plan.run.allowed_failures ? 4 : 0;
}

}  // namespace ipcmark
