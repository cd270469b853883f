#include "harness/launch.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <set>

#include "harness/calibration.hpp"
#include "harness/call_counter.hpp"
#include "harness/cast.hpp"
#include "harness/claims.hpp"
#include "harness/effect.hpp"
#include "harness/fd_text.hpp"
#include "harness/ipc_space.hpp"
#include "harness/launch_state.hpp"
#include "harness/life_cycle.hpp"
#include "harness/outlive.hpp"
#include "harness/plugin_load.hpp"
#include "harness/record.hpp"
#include "harness/third_parties.hpp"
#include "transports/registered.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

namespace {

constexpr std::size_t kCanaryStamps = 9;
// A phase may take this much longer than its probe promised, besides the fixed deadline.
constexpr std::int64_t kPatience = 20;

std::vector<int> measured_cpus(const LaunchSpec& spec) {
  std::set<int> cpus(spec.more_cpus.begin(), spec.more_cpus.end());
  cpus.insert({spec.client_cpu, spec.server_cpu});
  return {cpus.begin(), cpus.end()};
}

// Carries the rungs that can be had through one channel.
class Launch {
 public:
  Launch(const LaunchSpec& spec, const SharedLaunchState& state, std::vector<RungRecord>& records)
      : spec_(spec), state_(state), records_(records) {}

  void run(const std::vector<std::size_t>& admitted) {
    std::vector<Case> rungs;
    for (const auto i : admitted) rungs.push_back(spec_.rungs[i]);
    if (spec_.reading == Reading::life_cycle) {  // a channel of its own each, and many of them
      return visit_each(admitted, [&](std::size_t i) {
        records_[i].rung = next_rung_++;
        live(spec_, i, contexts(), stage_, records_[i]);
      });
    }
    if (spec_.rungs.front().pattern == Pattern::detect) {  // as each is lost
      return visit_each(admitted, [&](std::size_t i) {
        records_[i].rung = next_rung_++;
        records_[i].watch.begin(machine_);
        outlive(spec_, i, contexts(), stage_, records_[i]);
        records_[i].watch.end();
      });
    }
    Injector injector = injector_of(Target::launch);
    state_->enter(Phase::open, monotonic_now() + deadline());
    effect_ = effect_of(spec_);
    std::unique_ptr<Channel> channel;
    if (!effect_) channel = open_channel(rungs.front(), widest_shape(rungs, spec_.prefix));
    injector.reach(Phase::open);
    ThirdParties third(rungs.front(), spec_.third_cpus, deadline());
    third_ = &third;
    Cast cast(contexts(), channel);
    cast_ = &cast;
    cast.meet(deadline());
    // Before any is measured: a rung that is done keeps its numbers when a later one fails.
    for (const auto i : admitted) records_[i].pids = cast.pids();
    Director director(spec_, cast, stage_);
    visit_each(admitted, [&](std::size_t i) {
      if (effect_) return stage_effect(i, director);
      spec_.reading == Reading::system_calls ? count(i) : visit(i);
    });
    try {
      cast.close(deadline());
      injector.reach(Phase::close);
    } catch (...) {
      for (const auto i : admitted) records_[i].done = false;  // a launch that ends badly is none
      throw;
    }
  }

 private:
  [[nodiscard]] std::vector<RoleContext> contexts() const {
    std::vector<RoleContext> all;
    const Case& any = spec_.rungs.front();
    for (std::uint32_t i = 0; i < any.producers; ++i) all.push_back(context(Role::client, i));
    for (std::uint32_t i = 0; i < any.consumers; ++i) all.push_back(context(Role::server, i));
    return all;
  }
  [[nodiscard]] RoleContext context(Role role, std::uint32_t index) const {
    const Case& any = spec_.rungs.front();
    return {.spec = {.role = role,
                     .index = index,
                     .kind = any.roles,
                     .cpu = cpu_of(spec_, role, index),
                     .policy = any.policy},
            .rungs = spec_.rungs,
            .prefix = &spec_.prefix,
            .stage = &stage_,
            .state = &*state_,
            .injector = injector_of(role == Role::client ? Target::client : Target::server),
            .effect = effect_.get()};
  }
  // A slow one outlasts its phase's deadline, the harness's patience, and a second.
  [[nodiscard]] Injector injector_of(Target self) const {
    return {spec_.injection, self, 2 * deadline() + 2'000'000'000, *state_};
  }
  [[nodiscard]] std::int64_t deadline(std::int64_t expected_ns = 0) const {
    return static_cast<std::int64_t>(spec_.settings.phase_deadline_ns) + kPatience * expected_ns;
  }

  template <class Visit>
  void visit_each(const std::vector<std::size_t>& admitted, Visit visit) {
    const int visits = spec_.mirrored ? 2 : 1;
    for (const auto i : admitted) {
      records_[i].meter.emplace(spec_.rungs[i], spec_.settings, spec_.scale, visits, spec_.reading);
    }
    for (const auto i : visit_order(spec_)) {
      if (records_[i].meter) visit(i);
    }
  }

  // Nothing is timed: who is watched is slow.
  void count(std::size_t i) {
    RungRecord& record = records_[i];
    RungMeter& meter = *record.meter;
    record.rung = next_rung_++;
    reshape(i, 0);
    meter.take_probe(perform(meter.probe(), Phase::verify, deadline(meter.probe_ns())), stage_);
    const Order order = meter.count();
    const std::int64_t patience = deadline(meter.expected_ns());
    CallCounter counter(cast_->threads());
    const auto reports = perform(order, Phase::measure, patience);
    meter.take_count(reports, counter.finish(deadline_in(static_cast<std::uint64_t>(patience))),
                     stage_);
    record.counted_by = counter.means();
    record.done = true;
  }

  void stage_effect(std::size_t i, Director& director) {
    RungRecord& record = records_[i];
    record.rung = next_rung_++;
    record.canary_before_ns = canary();
    record.watch.begin(machine_);
    try {
      effect_->measure(i, director, record.meter->result());
    } catch (const Unavailable& missing) {  // of this rung, before its roles were told
      record.refused = missing.what();
    }
    record.watch.end();
    record.canary_after_ns = canary();
    record.done = record.refused.empty();
  }

  void visit(std::size_t i) {
    RungRecord& record = records_[i];
    RungMeter& meter = *record.meter;
    if (record.visits++ == 0) record.rung = next_rung_++;
    record.canary_before_ns = canary();
    record.watch.begin(machine_);
    reshape(i, 0);
    if (meter.point().delay_ns != 0) inject(i, record);
    meter.take_probe(perform(meter.probe(), Phase::verify, deadline(meter.probe_ns())), stage_);
    if (meter.fills()) fill(meter);
    record.refused = meter.too_wide();
    if (!record.refused.empty()) return;
    if (meter.point().mixed()) stream(meter);
    if (spec_.reading == Reading::under_way) {
      const std::size_t sender = cast_->first(Role::client);
      meter.take_dry(cast_->tell({sender}, meter.dry(), Phase::calibrate, deadline())[sender]);
    }
    // Cases of several sizes are compared message by message: one schedule for all of them.
    const Order order =
        meter.measure(stage_, meter.point().mixed() ? sizes_seed() : spec_.seed + i);
    third_->work();
    meter.take_measure(perform(order, Phase::measure, deadline(meter.expected_ns())), stage_);
    third_->stop();
    if (meter.point().third_parties() > 0) record.third_parties = third_->to_json();
    if (meter.point().delay_ns != 0) injected(record);
    record.watch.end();
    record.canary_after_ns = canary();
    if (meter.point().pattern == Pattern::pace) check_clocks(record);
    if (meter.point().pattern == Pattern::deal) bound_clocks(record, "delivery_ns");
    const auto patience = deadline(meter.probe_ns());
    meter.take_recheck(perform(meter.recheck(), Phase::close, patience), stage_);
    record.done = record.visits == (spec_.mirrored ? 2 : 1);
  }

  // How many messages the channel holds while nobody takes any: there, and where answers come,
  // back.
  void fill(RungMeter& meter) {
    const auto one_way = [&](Role from, Role to) {
      const std::size_t filler = cast_->first(from);
      const auto reports = cast_->tell({filler}, meter.fill(), Phase::verify, deadline());
      const std::uint64_t messages = reports[filler].steps[0].messages;
      if (messages > 0) {
        const Order empty = meter.empty(messages);
        meter.take_emptied(cast_->tell({cast_->first(to)}, empty, Phase::verify, deadline()));
      }
      meter.take_filled(reports[filler], stage_.stamps(from));
    };
    one_way(Role::client, Role::server);
    if (meter.point().reply_bytes > 0) one_way(Role::server, Role::client);
  }
  void stream(RungMeter& meter) {
    const Order order = meter.stream(stage_, sizes_seed());
    meter.take_stream(perform(order, Phase::warm_up, deadline(meter.expected_ns())), stage_);
  }
  // The run's and the block's, not the launch's: all cases of a block see the same sizes.
  [[nodiscard]] std::uint64_t sizes_seed() const { return spec_.settings.seed + spec_.block; }

  // All roles' steps, none of which can have taken longer than was waited for them here.
  std::vector<Report> perform(const Order& order, Phase phase, std::int64_t deadline_ns) {
    if (order.steps[0].part == Part::deal) stage_.clear_flows();
    const std::uint64_t before = ticks::now();
    const auto reports = cast_->tell_all(order, phase, deadline_ns);
    require_within(order, reports, ticks::now() - before, spec_.scale);
    return reports;
  }

  void reshape(std::size_t i, std::uint64_t delay_steps) {
    const Order order{.kind = Order::Kind::reshape,
                      .rung = static_cast<std::uint32_t>(i),
                      .delay_steps = delay_steps};
    RungMeter& meter = meter_of(records_[i]);
    const std::size_t home = cast_->first(spec_.rungs[i].home);
    const auto patience = deadline(meter.probe_ns());  // it touches what is sent
    meter.take_shapes(cast_->tell({home}, order, Phase::reshape, patience));
    meter.take_shapes(cast_->tell(cast_->all_but(home), order, Phase::reshape, patience));
  }

  // Median of the windows; none where both ends share a CPU, since a spinning pair would wait for
  // the scheduler.
  std::optional<double> canary() {
    if (spec_.client_cpu == spec_.server_cpu) return std::nullopt;
    const Order order{
        .kind = Order::Kind::canary, .canary_stamps = kCanaryStamps, .canary_from = canary_turn_};
    canary_turn_ += (kCanaryStamps - 1) * handoff::kRoundsEach;
    const std::vector<std::size_t> pair{cast_->first(Role::client), cast_->first(Role::server)};
    cast_->tell(pair, order, Phase::canary, deadline());
    const auto stamps = stage_.stamps(Role::client).first(kCanaryStamps);
    std::vector<double> windows;
    for (std::size_t i = 1; i < stamps.size(); ++i) {
      windows.push_back(static_cast<double>(stamps[i] - stamps[i - 1]) / spec_.scale.ticks_per_ns /
                        handoff::kRoundsEach);
    }
    fastest_handoff_ns_ = std::min(fastest_handoff_ns_, *std::ranges::min_element(windows));
    std::ranges::sort(windows);
    return windows[windows.size() / 2];
  }

  // The chain's length follows from what a step costs on this CPU now; what it achieved is measured
  // again afterwards.
  void inject(std::size_t i, RungRecord& record) {
    const double step_ns = chain_ns(kCalibrationSteps) / kCalibrationSteps;
    delay_steps_ = static_cast<std::uint64_t>(
        static_cast<double>(meter_of(record).point().delay_ns) / step_ns);
    achieved_before_ns_ = chain_ns(delay_steps_);
    reshape(i, delay_steps_);
  }
  void injected(RungRecord& record) {
    auto& values = meter_of(record).result().values;
    values["delay_requested_ns"] = static_cast<double>(meter_of(record).point().delay_ns);
    values["delay_achieved_ns"] = (achieved_before_ns_ + chain_ns(delay_steps_)) / 2;
  }
  double chain_ns(std::uint64_t steps) {
    const Order order{.kind = Order::Kind::chain, .delay_steps = steps};
    cast_->tell({cast_->first(Role::client)}, order, Phase::calibrate, deadline());
    return median_chain_ns(stage_.stamps(Role::client), spec_.scale.ticks_per_ns);
  }

  static RungMeter& meter_of(RungRecord& record) { return *record.meter; }

  // A one-way time is a difference of two CPUs' clocks: their offset is below half the fastest
  // round trip, and what they read is late by up to a quantum.
  static constexpr double kMostShare = 0.2;
  // Of the median of a histogram of one-way times.
  [[nodiscard]] std::pair<double, double> clocks_of(RungRecord& record, const char* name) const {
    const bool same = spec_.client_cpu == spec_.server_cpu;
    const double bound = (same ? 0 : fastest_handoff_ns_ / 2) + spec_.scale.quantum_ns;
    auto& result = record.meter->result();
    result.values["clock_offset_bound_ns"] = bound;
    return {bound, static_cast<double>(result.histograms[name].quantile(0.5).value_or(0))};
  }
  // What has no believable one-way time still has its counts.
  void bound_clocks(RungRecord& record, const char* name) const {
    const auto [bound, median] = clocks_of(record, name);
    if (bound > kMostShare * median) record.meter->result().histograms.erase(name);
  }
  void check_clocks(RungRecord& record) const {
    const auto [bound, response] = clocks_of(record, "response_ns");
    if (bound > kMostShare * response) {
      // What was carried, and how late it was sent, does not hang on the other CPU's clock.
      if (spec_.reading == Reading::under_way) return record.meter->leave_out_one_way();
      record.refused =
          fmt::format("one-way time of {:.0f} ns is known only to ± {:.0f} ns", response, bound);
    }
  }

  const LaunchSpec& spec_;
  const SharedLaunchState& state_;
  std::vector<RungRecord>& records_;
  Stage stage_{spec_.rungs.front().producers, spec_.rungs.front().consumers};
  std::unique_ptr<Effect> effect_;
  MachineWatch machine_{measured_cpus(spec_)};
  Cast* cast_ = nullptr;
  ThirdParties* third_ = nullptr;
  int next_rung_ = 0;
  std::uint64_t canary_turn_ = 0;
  double fastest_handoff_ns_ = 1e9;
  std::uint64_t delay_steps_ = 0;
  double achieved_before_ns_ = 0;
};

// Before anything is opened, so that what is refused is refused by the limits measured under. All
// rungs of a launch share them. False, with the reason in every record, where it is not permitted.
bool enter_ipc_space(const LaunchSpec& spec, std::vector<RungRecord>& records) try {
  if (spec.rungs.front().ipc_limits == IpcLimits::private_) enter_private_ipc();
  return true;
} catch (const Unavailable& missing) {
  for (RungRecord& record : records) record.refused = missing.what();
  return false;
}

void run_launch(const LaunchSpec& spec, const SharedLaunchState& state,
                std::vector<RungRecord>& records) {
  if (!enter_ipc_space(spec, records)) return;
  std::vector<std::size_t> admitted;
  for (std::size_t i = 0; i < spec.rungs.size(); ++i) {
    state->enter(Phase::open,
                 monotonic_now() + static_cast<std::int64_t>(spec.settings.phase_deadline_ns));
    records[i].refused = plays_effect(spec.reading) ? effect_refusal(spec.reading, spec.rungs[i])
                                                    : refusal(spec.rungs[i], spec.prefix);
    if (spec.reading != Reading::times && spec.rungs[i].third_parties() > 0) {
      records[i].refused = "bystanders and injectors work while something is timed, and nothing is";
    }
    if (records[i].refused.empty()) admitted.push_back(i);
  }
  if (admitted.empty()) return;
  const auto unfinished = [&](auto&& note) {
    for (const auto i : admitted) {
      if (!records[i].done) note(records[i]);
    }
  };
  try {
    Launch(spec, state, records).run(admitted);
  } catch (const Unavailable& missing) {
    unfinished([&](RungRecord& record) { record.refused = missing.what(); });
  } catch (const PayloadWrong& wrong) {
    unfinished(
        [&](RungRecord& record) { record.failed = std::string("payload: ") + wrong.what(); });
  } catch (const LaunchFailed& failed) {
    unfinished([&](RungRecord& record) { record.failed = failed.what(); });
  } catch (const std::exception& error) {
    const auto phase = word(state->phase.load(std::memory_order_relaxed));
    unfinished([&](RungRecord& record) {
      record.failed = fmt::format("launch: {} in {}", error.what(), phase);
    });
  }
}

// A launch whose plug-in cannot be loaded has nothing to measure; the harness probed the same file.
bool load_its_plugin(const LaunchSpec& spec, std::vector<RungRecord>& records) try {
  if (!spec.plugin.empty()) load_plugin(spec.plugin, spec.plugin_content);
  return true;
} catch (const std::exception& error) {
  for (auto& record : records) record.failed = "plug-in: " + std::string(error.what());
  return false;
}

}  // namespace

std::vector<std::size_t> visit_order(const LaunchSpec& spec) {
  std::mt19937_64 random(spec.seed);
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < spec.rungs.size(); ++i) {
    const bool beside =
        spec.mirrored && i > 0 && spec.rungs[i].message_bytes == spec.rungs[i - 1].message_bytes;
    if (!beside) groups.emplace_back();
    groups.back().push_back(i);
  }
  std::ranges::shuffle(groups, random);
  std::vector<std::size_t> order;
  for (auto& group : groups) {
    std::ranges::shuffle(group, random);
    order.insert(order.end(), group.begin(), group.end());
    if (spec.mirrored) order.insert(order.end(), group.rbegin(), group.rend());
  }
  return order;
}

int launch_main(int control_fd) {
  ::signal(SIGPIPE, SIG_IGN);  // a dead peer is an error of the write, not the end of the role
  const LaunchSpec spec = launch_spec_from_json(nlohmann::json::parse(read_all(control_fd)));
  const SharedLaunchState state(spec.state_fd);
  std::vector<RungRecord> records(spec.rungs.size());
  if (load_its_plugin(spec, records)) run_launch(spec, state, records);
  std::string lines;
  for (std::size_t i = 0; i < records.size(); ++i) {
    lines += record_of(spec, spec.rungs[i], records[i]).dump() + "\n";
  }
  write_all(control_fd, lines);
  // A hung role thread cannot be joined; everything worth keeping is written.
  ::_exit(0);
}

}  // namespace ipcmark
