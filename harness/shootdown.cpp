#include "harness/shootdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "harness/launch.hpp"
#include "harness/machine_watch.hpp"
#include "harness/shootdown_act.hpp"
#include "harness/shootdown_plan.hpp"
#include "transports/registered.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kWarmBlows = 16;
constexpr std::uint64_t kProbedMessages = 500;
constexpr std::uint64_t kProbedTurns = 4;
constexpr double kLongestLegalNs = 150'000;  // a blow, or messages: longer is an interruption
constexpr std::uint64_t kBurst = 8;          // messages between two looks at the clock

struct Interrupts {
  MachineCounts initiator, victim;
};

std::vector<int> victims_of(const LaunchSpec& spec) {
  std::set<int> cpus;
  for (std::uint32_t i = 0; i < spec.rungs.front().consumers; ++i) {
    cpus.insert(cpu_of(spec, Role::server, i));
  }
  return {cpus.begin(), cpus.end()};
}

class Shootdowns : public Effect {
 public:
  explicit Shootdowns(const LaunchSpec& spec)
      : memory_(sacrificial_memory(spec.rungs, spec.prefix)),
        control_(open_shared_object(Shape{}, sizeof(ShootControl))),
        initiator_({spec.client_cpu}),
        victim_(victims_of(spec)) {
    if (spec.rungs.front().victim != Victim::traffic) return;
    channel_ =
        find_transport(spec.rungs.front().transport)->open(widest_shape(spec.rungs, spec.prefix));
  }

  std::unique_ptr<Act> act(const RoleContext& context) override {
    std::unique_ptr<End> end;
    if (channel_) {
      end = context.spec.role == Role::client ? channel_->client(0) : channel_->server(0);
      // A process closes what is the other's; threads have one channel between them.
      if (context.spec.kind == RoleKind::process) channel_.reset();
    }
    return std::make_unique<ShootAct>(context, memory_, control_.map(), std::move(end));
  }

  void play(RungResult& result) override {
    point_.victim == Victim::traffic ? measure_traffic(result) : measure_blows(result);
  }

 private:
  std::vector<Report> tell(ShootStep step, ActOrder order, std::int64_t expected_ns) {
    order.step = static_cast<std::uint32_t>(step);
    auto reports = director_->tell_all(
        {.kind = Order::Kind::act, .rung = static_cast<std::uint32_t>(rung_), .act = order},
        step == ShootStep::verify ? Phase::verify : Phase::measure, expected_ns);
    for (const Report& report : reports) {
      if (report.steps[0].wrong != 0) throw PayloadWrong("a message is not what was sent");
    }
    return reports;
  }

  [[nodiscard]] Interrupts interrupts() { return {initiator_.read(), victim_.read()}; }

  void measure_blows(RungResult& result) {
    prepare();
    const double each = shootdown_plan::turn_ns(point_);
    const std::uint64_t blows = shootdown_plan::blows(point_, director_->spec().settings);
    const ActOrder order{.singly = blows + kWarmBlows};
    const Interrupts before = interrupts();
    const auto reports = tell(ShootStep::strike, order,
                              static_cast<std::int64_t>(each * static_cast<double>(blows)));
    take_interrupts(before, interrupts(), order.singly, result);
    take_blows(order, result);
    result.messages = blows;
    take_roles(reports, result);
  }

  // Rows of /proc/interrupts for each blow, where the kernel has them.
  static void take_interrupts(const Interrupts& before, const Interrupts& after,
                              std::uint64_t blows, RungResult& result) {
    const auto keep = [&](const char* name, const std::optional<std::uint64_t>& count) {
      if (count) result.values[name] = static_cast<double>(*count) / static_cast<double>(blows);
    };
    const MachineCounts victim = after.victim - before.victim;
    const MachineCounts initiator = after.initiator - before.initiator;
    keep("tlb_per_operation", victim.tlb_shootdowns);
    keep("calls_per_operation", victim.function_calls);
    keep("initiator_tlb_per_operation", initiator.tlb_shootdowns);
    result.values["operations"] = static_cast<double>(blows);
  }

  void take_blows(const ActOrder& order, RungResult& result) const {
    const auto strikes = stamps_of<BlowTicks>(Role::client, order.singly, 0);
    for (std::size_t i = kWarmBlows; i < order.singly; ++i) {
      keep(result, "trigger_ns", strikes[i].strike);
      if (!strikes_peer(point_.trigger)) keep(result, "mend_ns", strikes[i].mend);
    }
    for (std::uint32_t victim = 0; victim < point_.consumers; ++victim) {
      const auto struck = stamps_of<StruckTicks>(Role::server, order.singly, 0, victim);
      for (std::size_t i = kWarmBlows; i < order.singly; ++i) take_victim(struck[i], result);
    }
  }

  void take_victim(const StruckTicks& struck, RungResult& result) const {
    if (point_.victim != Victim::asleep) keep(result, "stall_ns", struck.stall);
    if (point_.victim == Victim::chase) keep(result, "refill_ns", struck.refill);
    if (strikes_peer(point_.trigger)) keep(result, "touch_ns", struck.touch);
  }

  void measure_traffic(RungResult& result) {
    prepare();
    tell(ShootStep::verify, {}, 0);
    const bool stream = point_.pattern == Pattern::pour;
    if (stream && point_.trigger != Trigger::none) measure_stages(result);
    ActOrder order{.rounds = kProbedTurns,
                   .each = {kProbedMessages, kProbedMessages},
                   .burst = stream ? 1 : kBurst,
                   .delay_steps = director_->chain_steps(point_.pace_ns),
                   .period_ticks = kNever / 2,  // none falls due
                   // A stream begins with its queue as it will be, full or empty.
                   .lead = 2 * std::uint64_t{point_.depth}};
    tell(ShootStep::traffic, order, kProbedTurns * kProbedMessages * 100'000);
    // The fastest: in one that was interrupted a message seems to take so long that few would fill
    // a window.
    double message_ns = ns_of(windows_of(order).front(), kProbedMessages);
    for (const TrafficWindow& window : windows_of(order)) {
      message_ns = std::clamp(ns_of(window, kProbedMessages), 1.0, message_ns);
    }
    plan_traffic(order, message_ns);
    const Interrupts before = interrupts();
    const std::int64_t began = monotonic_now();
    const auto reports = tell(ShootStep::traffic, order,
                              2 * shootdown_plan::expected_ns(point_, director_->spec().settings));
    const auto elapsed = static_cast<double>(monotonic_now() - began);
    take_rates(before, interrupts(), elapsed, result);
    take_traffic(order, result);
    take_roles(reports, result);
  }

  // What a blow costs each end of a stream by itself, as far from the next as it will be: one end
  // may hide what the other pays.
  void measure_stages(RungResult& result) {
    const RunSettings& run = director_->spec().settings;
    ActOrder order{.singly = shootdown_plan::alone(point_, run) + kWarmBlows,
                   .period_ticks = ticks_of(shootdown_plan::period_ns(point_))};
    tell(ShootStep::strike, order,
         static_cast<std::int64_t>(
             (shootdown_plan::turn_ns(point_) + shootdown_plan::period_ns(point_)) *
             static_cast<double>(order.singly)));
    const auto strikes = stamps_of<BlowTicks>(Role::client, order.singly, 0);
    const auto struck = stamps_of<StruckTicks>(Role::server, order.singly, 0);
    for (std::size_t i = kWarmBlows; i < order.singly; ++i) {
      take_alone(strikes[i], result);
      keep_legal(result, "stall_ns", struck[i].stall);
    }
  }

  // Beside traffic it is paid whole: the blow and what it leaves to be touched again.
  void take_alone(const BlowTicks& blow, RungResult& result) const {
    keep_legal(result, "trigger_ns", blow.strike + blow.mend);
  }
  // What an interruption made long is left out, as are windows with one.
  void keep_legal(RungResult& result, const char* name, std::uint64_t ticks) const {
    if (director_->to_ns(ticks) < kLongestLegalNs) keep(result, name, ticks);
  }

  void plan_traffic(ActOrder& order, double message_ns) const {
    const RunSettings& run = director_->spec().settings;
    order.rounds = shootdown_plan::turns(run);
    const double period = shootdown_plan::period_ns(point_);
    const double window_ns = shootdown_plan::window_ns(point_, run);
    const auto each =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(window_ns / message_ns), kBurst);
    order.each = {each, each};
    order.period_ticks = ticks_of(period);
    if (point_.pattern == Pattern::pour || point_.trigger == Trigger::none) return;
    order.singly = shootdown_plan::alone(point_, run);
    order.lead =
        std::max(static_cast<std::uint64_t>(period / message_ns), kBurst);  // 0: after each burst
  }

  // What a user would find in a program that does not know of its shootdowns.
  static void take_rates(const Interrupts& before, const Interrupts& after, double elapsed_ns,
                         RungResult& result) {
    const MachineCounts victim = after.victim - before.victim;
    const MachineCounts initiator = after.initiator - before.initiator;
    const auto keep = [&](const char* name, const std::optional<std::uint64_t>& count) {
      if (count) result.values[name] = static_cast<double>(*count) / elapsed_ns * 1e9;
    };
    keep("server_tlb_per_s", victim.tlb_shootdowns);
    keep("client_tlb_per_s", initiator.tlb_shootdowns);
    keep("server_calls_per_s", victim.function_calls);
    keep("client_calls_per_s", initiator.function_calls);
  }

  [[nodiscard]] std::vector<TrafficWindow> windows_of(const ActOrder& order) const {
    return stamps_of<TrafficWindow>(Role::client, 2 * order.rounds,
                                    order.singly * kStampWords<BlowTicks>);
  }
  [[nodiscard]] double ns_of(const TrafficWindow& window, std::uint64_t messages) const {
    return director_->to_ns(window.ticks) / static_cast<double>(messages);
  }

  [[nodiscard]] std::uint64_t ticks_of(double ns) const {
    return static_cast<std::uint64_t>(ns * director_->spec().scale.ticks_per_ns);
  }

  [[nodiscard]] bool clean(const TrafficWindow& window) const {
    return director_->to_ns(window.longest) < kLongestLegalNs;
  }

  void take_traffic(const ActOrder& order, RungResult& result) const {
    for (const BlowTicks& alone : stamps_of<BlowTicks>(Role::client, order.singly, 0)) {
      take_alone(alone, result);
    }
    const auto windows = windows_of(order);
    std::uint64_t kept = 0;
    result.window_messages = order.each[1];
    for (std::size_t i = 0; i + 1 < windows.size(); i += 2) {
      const bool second = windows[i + 1].struck != 0;
      const TrafficWindow& with = windows[i + (second ? 1 : 0)];
      const TrafficWindow& alone = windows[i + (second ? 0 : 1)];
      result.window_ns_per_message.push_back(ns_of(with, order.each[1]));
      if (!clean(with) || !clean(alone)) continue;
      ++kept;
      result.rounds["ns"].push_back(ns_of(with, order.each[1]));
      result.rounds["solo_ns"].push_back(ns_of(alone, order.each[0]));
      result.rounds["events_per_message"].push_back(static_cast<double>(with.events) /
                                                    static_cast<double>(order.each[1]));
      result.rounds["events_per_s"].push_back(static_cast<double>(with.events) /
                                              director_->to_ns(with.ticks) * 1e9);
    }
    result.values["windows_kept"] = static_cast<double>(2 * kept);
    result.values["windows_total"] = static_cast<double>(windows.size());
    result.messages = windows.size() / 2 * order.each[1];
  }

  template <class Stamp>
  [[nodiscard]] std::vector<Stamp> stamps_of(Role role, std::size_t count, std::size_t from,
                                             std::uint32_t index = 0) const {
    std::vector<Stamp> all(count);
    const auto stamps = director_->stage().stamps(role, index).subspan(from);
    if (count * sizeof(Stamp) > stamps.size_bytes()) throw std::logic_error("more blows than room");
    std::memcpy(static_cast<void*>(all.data()), stamps.data(), count * sizeof(Stamp));
    return all;
  }

  void keep(RungResult& result, const char* name, std::uint64_t ticks) const {
    result.histograms[name].record(
        static_cast<std::uint64_t>(std::llround(director_->to_ns(ticks))));
  }

  Fd memory_;
  SharedObject control_;
  std::unique_ptr<Channel> channel_;
  MachineWatch initiator_, victim_;
};

}  // namespace

std::string shootdown_refusal(const Case& point) { return trigger_refusal(point); }

std::unique_ptr<Effect> shootdowns(const LaunchSpec& spec) {
  return std::make_unique<Shootdowns>(spec);
}

}  // namespace ipcmark
