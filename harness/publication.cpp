#include "harness/publication.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <utility>

#include "harness/launch.hpp"
#include "harness/publication_act.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

constexpr double kAskedNs = 1000;  // a hand-off, for the plan
constexpr std::uint64_t kFewestSingles = 64;
constexpr std::uint64_t kMostSingles = 8192;
constexpr std::uint64_t kLitmusWindows = 32;
constexpr std::int64_t kRoundNs = 500;  // of a litmus test, for its deadline

bool is_litmus(Structure structure) {
  return structure == Structure::message_passing || structure == Structure::store_buffering;
}

class PublicationEffect : public Effect {
 public:
  explicit PublicationEffect(const LaunchSpec& spec)
      : memory_(open_shared_object(shape_of(spec.rungs.front(), spec.prefix),
                                   PublicationLayout::kBytes)) {}

  std::unique_ptr<Act> act(const RoleContext& context) override {
    return std::make_unique<PublicationAct>(context, memory_.map());
  }

  void play(RungResult& result) override {
    is_litmus(point_.structure) ? measure_litmus(result) : measure_hand_over(result);
  }

 private:
  std::vector<Report> tell(PublicationStep step, ActOrder order, std::int64_t expected_ns) {
    prepare();
    order.step = static_cast<std::uint32_t>(step);
    auto reports =
        director_->tell_all({.kind = Order::Kind::act, .act = order}, Phase::measure, expected_ns);
    for (const Report& report : reports) {
      if (report.steps[0].wrong != 0) {
        throw PayloadWrong(
            fmt::format("{} messages were told of before they were there", report.steps[0].wrong));
      }
    }
    return reports;
  }

  void measure_hand_over(RungResult& result) {
    const RunSettings& run = director_->spec().settings;
    ActOrder order = probe_of_pairs();
    tell(PublicationStep::hand_over, order,
         static_cast<std::int64_t>(kAskedNs * 2 * static_cast<double>(order.each[1])));
    plan_pairs(order, *director_);
    const bool trips = point_.structure == Structure::state;
    const double fit = static_cast<double>(run.operations_ns) / kAskedNs;
    if (trips) {
      order.singly =
          static_cast<std::uint64_t>(std::clamp(fit, double(kFewestSingles), double(kMostSingles)));
    }
    const auto reports = tell(PublicationStep::hand_over, order,
                              static_cast<std::int64_t>(2 * (run.measure_ns + run.operations_ns)));
    take_pairs(order, *director_, "relaxed_ns", result);
    take_singles(order, result);
    result.counts["stale"] = reports[1].steps[0].reordered;
    take_roles(reports, result);
  }

  void take_singles(const ActOrder& order, RungResult& result) const {
    const auto stamps =
        director_->stage().stamps(Role::client).subspan(2 * order.rounds * kPairedWords);
    for (std::size_t i = 0; i < order.singly; ++i) {
      const double ns = director_->to_ns(stamps[i]);
      result.histograms["round_trip_ns"].record(static_cast<std::uint64_t>(std::llround(ns)));
    }
    result.messages += order.singly;
  }

  void measure_litmus(RungResult& result) {
    const std::uint64_t a_window = PublicationLayout::kCells * kLitmusWindows;
    const std::uint64_t passes = (point_.rounds + a_window - 1) / a_window;
    const ActOrder order{.rounds = kLitmusWindows, .each = {0, passes}};
    const auto rounds = static_cast<std::int64_t>(a_window * passes);
    const auto reports = tell(PublicationStep::litmus, order, rounds * kRoundNs);
    const auto stamps = director_->stage().stamps(Role::client);
    result.window_messages = passes * PublicationLayout::kCells;
    for (std::size_t i = 0; i < kLitmusWindows; ++i) {
      result.window_ns_per_message.push_back(director_->to_ns(stamps[i]) /
                                             static_cast<double>(result.window_messages));
    }
    const auto seen = stamps.subspan(kLitmusWindows);
    const char* names[] = {"outcome_00", "outcome_01", "outcome_10", "outcome_11"};
    for (std::size_t i = 0; i < std::size(names); ++i) result.counts[names[i]] = seen[i];
    const std::uint64_t weak = seen[point_.structure == Structure::message_passing ? 2 : 0];
    if (weak != 0 && forbids_weak(point_.structure, point_.publication)) {
      throw PayloadWrong(fmt::format("{} outcomes that the orders forbid", weak));
    }
    result.counts["rounds"] = static_cast<std::uint64_t>(rounds);
    result.counts["weak"] = weak;
    result.messages = static_cast<std::uint64_t>(rounds);
    take_roles(reports, result);
  }

  SharedObject memory_;
};

}  // namespace

std::string publication_refusal(const Case& point) {
  if (is_litmus(point.structure)) {
    return point.rounds > 0 ? "" : "rounds 0: a litmus test takes one at least";
  }
  const bool whole = point.message_bytes % sizeof(Word) == 0;
  if (!whole || point.message_bytes > PublicationLayout::kSlotBytes) {
    return fmt::format("message_bytes {}: what is told of is whole words, up to {} B",
                       point.message_bytes, PublicationLayout::kSlotBytes);
  }
  if (point.structure != Structure::indices) return {};
  if (std::has_single_bit(point.depth) && point.depth <= PublicationLayout::kMostSlots) return {};
  return fmt::format("depth {}: a ring of indices has a power of two of slots, up to {}",
                     point.depth, PublicationLayout::kMostSlots);
}

std::unique_ptr<Effect> publication(const LaunchSpec& spec) {
  return std::make_unique<PublicationEffect>(spec);
}

}  // namespace ipcmark
