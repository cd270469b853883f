#include "harness/reuse.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "harness/launch.hpp"
#include "harness/reuse_act.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kStormPairs = 256;  // of pops and pushes by each side
constexpr double kStormNs = 100'000;        // for the plan
constexpr std::uint64_t kFewestStorms = 32;
constexpr std::uint64_t kMostStorms = 8192;
constexpr std::uint64_t kTriableBits = 26;  // beyond, once round takes longer than a launch should
constexpr double kUpdateNs = 10;            // for the plan
constexpr double kTrialTalkNs = 2000;       // a trial's talk
constexpr std::uint64_t kFewestTrials = 2;
constexpr std::uint64_t kMostTrials = 64;
constexpr std::uint64_t kFewestUpdates = 4;  // that bring the top back

template <class Seen>
std::vector<Seen> seen_in(std::span<const std::uint64_t> stamps, std::uint64_t count) {
  std::vector<Seen> all(count);
  std::memcpy(static_cast<void*>(all.data()), stamps.data(), count * sizeof(Seen));
  return all;
}

class Reuse : public Effect {
 public:
  explicit Reuse(const LaunchSpec& spec)
      : memory_(
            open_shared_object(shape_of(spec.rungs.front(), spec.prefix), sizeof(StackMemory))) {}

  std::unique_ptr<Act> act(const RoleContext& context) override {
    return std::make_unique<ReuseAct>(context, memory_.map());
  }

  void play(RungResult& result) override {
    point_.structure == Structure::stack ? measure_stack(result) : measure_stalls(result);
  }

 private:
  std::vector<Report> tell(ReuseStep step, ActOrder order, double expected_ns) {
    prepare();
    order.step = static_cast<std::uint32_t>(step);
    return director_->tell_all({.kind = Order::Kind::act, .act = order}, Phase::measure,
                               static_cast<std::int64_t>(expected_ns));
  }

  [[nodiscard]] std::span<const std::uint64_t> stamps() const {
    return director_->stage().stamps(Role::client);
  }

  void measure_stack(RungResult& result) {
    const auto budget = static_cast<double>(director_->spec().settings.measure_ns);
    ActOrder pairs = probe_of_pairs();
    tell(ReuseStep::cost, pairs, 1e6);
    plan_pairs(pairs, *director_);
    tell(ReuseStep::cost, pairs, 2 * budget);
    take_pairs(pairs, *director_, "naked_ns", result);
    const double fit = budget / kStormNs;
    const ActOrder storms{.rounds = static_cast<std::uint64_t>(
                              std::clamp(fit, double(kFewestStorms), double(kMostStorms))),
                          .singly = kStormPairs};
    const auto reports =
        tell(ReuseStep::storm, storms, static_cast<double>(storms.rounds) * kStormNs);
    take_storms(storms, result);
    take_roles(reports, result);
  }

  void take_storms(const ActOrder& order, RungResult& result) const {
    std::uint64_t corrupted = 0, twice = 0, lost = 0, endless = 0;
    for (const StormSeen& seen : seen_in<StormSeen>(stamps(), order.rounds)) {
      corrupted += seen.held_twice + seen.lost + seen.endless != 0 ? 1 : 0;
      twice += seen.held_twice, lost += seen.lost, endless += seen.endless;
      const double ns = director_->to_ns(seen.ticks) / static_cast<double>(order.singly);
      result.histograms["storm_ns"].record(static_cast<std::uint64_t>(std::llround(ns)));
    }
    // A counter of 64 bits cannot have gone round: then it is the stack that is wrong, not the
    // idea.
    if (corrupted != 0 && counter_of(point_.counter_bits) == Counter::wide) {
      throw PayloadWrong(
          fmt::format("{} storms broke a stack whose counter had not gone round", corrupted));
    }
    result.counts["storms"] = order.rounds;
    result.counts["storms_corrupted"] = corrupted;
    result.counts["held_twice"] = twice;
    result.counts["nodes_lost"] = lost;
    result.counts["endless"] = endless;
    result.messages += order.rounds * order.singly;
  }

  void measure_stalls(RungResult& result) {
    const auto updates = static_cast<double>(updates_of(point_));
    const double one = updates * kUpdateNs + kTrialTalkNs;
    const double fit = static_cast<double>(director_->spec().settings.measure_ns) / one;
    const ActOrder order{.rounds = static_cast<std::uint64_t>(
                             std::clamp(fit, double(kFewestTrials), double(kMostTrials))),
                         .singly = updates_of(point_)};
    const auto reports = tell(ReuseStep::stall, order, static_cast<double>(order.rounds) * one);
    std::uint64_t undetected = 0, corrupted = 0;
    for (const StallSeen& seen : seen_in<StallSeen>(stamps(), order.rounds)) {
      const double ns = director_->to_ns(seen.ticks);
      undetected += seen.undetected, corrupted += seen.corrupted;
      result.window_ns_per_message.push_back(ns / updates);
      result.histograms["pause_ns"].record(static_cast<std::uint64_t>(std::llround(ns)));
    }
    result.window_messages = order.singly;
    result.counts["trials"] = order.rounds;
    result.counts["updates"] = order.singly;
    result.counts["undetected"] = undetected;
    result.counts["corrupted"] = corrupted;
    result.messages = order.rounds * order.singly;
    take_roles(reports, result);
  }

  SharedObject memory_;
};

}  // namespace

std::uint64_t updates_of(const Case& point) {
  const std::uint64_t round =
      point.counter_bits == 0 ? kFewestUpdates : std::uint64_t{1} << point.counter_bits;
  if (point.advance == Advance::one_less) return round - 1;
  return point.advance == Advance::one_more ? round + 1 : round;
}

std::string reuse_refusal(const Case& point) {
  const std::uint64_t bits = point.counter_bits;
  if (bits > 32 && bits != 64) {
    return fmt::format(
        "counter_bits {}: up to 32 beside a node's number, or 64 in a word of its own", bits);
  }
  if (point.structure == Structure::stalled_pop) {
    constexpr std::uint64_t kFewestBits = 3;  // less than the fewest updates would be once round
    if (bits != 0 && (bits < kFewestBits || bits > kTriableBits)) {
      return fmt::format(
          "counter_bits {}: tried are 0 and {} to {}; a larger one follows from the rate by "
          "arithmetic",
          bits, kFewestBits, kTriableBits);
    }
  }
  return counter_of(bits) == Counter::wide ? wide_exchange_refusal() : "";
}

std::unique_ptr<Effect> reuse(const LaunchSpec& spec) { return std::make_unique<Reuse>(spec); }

}  // namespace ipcmark
