// How a run has one launch made: where its roles go, what it is told, and why it is not made at
// all.
#include <fmt/format.h>

#include "harness/idle_hold.hpp"
#include "harness/plugins.hpp"
#include "harness/record.hpp"
#include "harness/runner.hpp"
#include "harness/spawn.hpp"
#include "harness/words.hpp"

namespace ipcmark {

using nlohmann::json;

namespace {

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

}  // namespace ipcmark
