#include "harness/contention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "harness/contended_act.hpp"
#include "harness/launch.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

// The longest that a contended operation or an interrupt takes; what is longer stopped a CPU.
constexpr double kLegalGapNs = 150'000;
constexpr std::uint64_t kFewestRounds = 6;
constexpr std::uint64_t kProbe = 1024;  // operations of a probe's window
constexpr double kBurstNs = 10'000;     // the peer looks for its mode this often
constexpr std::uint64_t kLongestBurst = 256;
constexpr std::uint64_t kMostSingly = 8192;
constexpr std::uint64_t kFewestSingly = 64;

struct Seen {
  double ns = 0;  // an operation
  double peer_done = 0, polls = 0;
  bool contended = false, clean = false;
};

class Contention : public Effect {
 public:
  explicit Contention(const LaunchSpec& spec)
      : words_(
            open_shared_object(shape_of(spec.rungs.front(), spec.prefix), ContendedLayout::kBytes)),
        control_(open_shared_object(Shape{}, sizeof(ContendedControl))) {}

  std::unique_ptr<Act> act(const RoleContext& context) override {
    return std::make_unique<ContendedAct>(context, words_.map(), control_.map());
  }

  void play(RungResult& result) override {
    ActOrder order = probe();
    plan(order);
    const auto reports = duel(order, expected_ns_);
    const auto windows = windows_of(order);
    take_windows(windows, order, result);
    take_single(order, result);
    take_roles(reports, result);
  }

 private:
  std::vector<Report> duel(ActOrder order, std::int64_t expected_ns) {
    prepare();
    order.step = static_cast<std::uint32_t>(ContendedStep::duel);
    auto reports =
        director_->tell_all({.kind = Order::Kind::act, .act = order}, Phase::measure, expected_ns);
    for (const Report& report : reports) {
      if (report.steps[0].wrong != 0) {
        throw PayloadWrong("the contended words do not hold what was written");
      }
    }
    return reports;
  }

  // Alone and beside the peer, an operation may take a hundred times as long.
  ActOrder probe() {
    ActOrder order{.rounds = 1,
                   .each = {kProbe, kProbe},
                   .burst = 16,
                   .delay_steps = director_->chain_steps(point_.pace_ns)};
    duel(order, static_cast<std::int64_t>(4 * kProbe * (1000 + point_.pace_ns)));
    for (const Seen& seen : windows_of(order)) probed_ns_[seen.contended ? 1 : 0] = seen.ns;
    return order;
  }

  // The budgets of a closed loop, shared between the two kinds of windows.
  void plan(ActOrder& order) {
    const RunSettings& run = director_->spec().settings;
    const bool both = point_.structure == Structure::words;
    order.rounds = std::max<std::uint64_t>(run.windows / (both ? 2 : 1), kFewestRounds);
    const double window_ns =
        static_cast<double>(run.measure_ns) / static_cast<double>(order.rounds) / (both ? 2 : 1);
    for (std::size_t i = 0; i < std::size(probed_ns_); ++i) {
      const double chunk = window_ns / std::max(probed_ns_[i], 0.1) / kChunks;
      order.each[i] = std::max<std::uint64_t>(static_cast<std::uint64_t>(chunk), 1) * kChunks;
    }
    const double one_ns = std::max(probed_ns_[1], 1.0);
    const double fit = static_cast<double>(run.operations_ns) / one_ns / (both ? 2 : 1);
    order.singly = point_.structure == Structure::indices
                       ? 0
                       : static_cast<std::uint64_t>(
                             std::clamp(fit, double(kFewestSingly), double(kMostSingly)));
    order.burst = static_cast<std::uint64_t>(
        std::clamp(kBurstNs / one_ns, 1.0, static_cast<double>(kLongestBurst)));
    order.limit_ticks =
        static_cast<std::uint64_t>(kLegalGapNs * director_->spec().scale.ticks_per_ns);
    expected_ns_ = static_cast<std::int64_t>(2 * (run.measure_ns + run.operations_ns));
  }

  // As the client left them. A window is clean if neither side was stopped in it or in the one
  // before it.
  std::vector<Seen> windows_of(const ActOrder& order) const {
    const auto stamps = director_->stage().stamps(Role::client);
    const std::size_t count = order.rounds * (point_.structure == Structure::words ? 2 : 1);
    std::vector<Seen> all;
    bool before = true;
    for (std::size_t i = 0; i < count; ++i) {
      ContendedWindow raw;
      std::memcpy(static_cast<void*>(&raw), &stamps[i * kWindowWords], sizeof raw);
      const bool contended = raw.mode == ContendedControl::contended;
      const auto each = static_cast<double>(order.each[contended ? 1 : 0]);
      const double usual = director_->to_ns(raw.ticks) / kChunks;
      const bool quiet =
          raw.peer_gaps == 0 && director_->to_ns(raw.longest_chunk) - usual < kLegalGapNs;
      all.push_back({.ns = director_->to_ns(raw.ticks) / each,
                     .peer_done = static_cast<double>(raw.peer_done) / each,
                     .polls = static_cast<double>(raw.polls) / each,
                     .contended = contended,
                     .clean = quiet && before});
      before = quiet;
    }
    return all;
  }

  void take_windows(const std::vector<Seen>& windows, const ActOrder& order, RungResult& result) {
    result.window_messages = order.each[1];
    std::uint64_t kept = 0;
    for (const Seen& seen : windows) {
      kept += seen.clean ? 1 : 0;
      if (seen.contended) result.window_ns_per_message.push_back(seen.ns);
    }
    result.values["windows_kept"] = static_cast<double>(kept);
    result.values["windows_total"] = static_cast<double>(windows.size());
    result.messages = result.window_ns_per_message.size() * order.each[1];
    point_.structure == Structure::words ? take_pairs(windows, result)
                                         : take_clean(windows, result);
  }

  // Neighbours in time, one alone and one not.
  static void take_pairs(const std::vector<Seen>& windows, RungResult& result) {
    for (std::size_t i = 0; i + 1 < windows.size(); i += 2) {
      if (!windows[i].clean || !windows[i + 1].clean) continue;
      const bool second = windows[i + 1].contended;
      const Seen& with = windows[i + (second ? 1 : 0)];
      const Seen& alone = windows[i + (second ? 0 : 1)];
      result.rounds["ns"].push_back(with.ns);
      result.rounds["solo_ns"].push_back(alone.ns);
      if (with.peer_done > 0) result.rounds["peer_ns"].push_back(with.ns / with.peer_done);
    }
  }

  void take_clean(const std::vector<Seen>& windows, RungResult& result) const {
    for (const Seen& seen : windows) {
      if (!seen.clean) continue;
      result.rounds["ns"].push_back(seen.ns);
      result.rounds["polls_per_message"].push_back(seen.peer_done);
      result.rounds["producer_polls_per_message"].push_back(seen.polls);
    }
  }

  void take_single(const ActOrder& order, RungResult& result) const {
    const bool words = point_.structure == Structure::words;
    const std::size_t windows = order.rounds * (words ? 2 : 1) * kWindowWords;
    const auto stamps = director_->stage().stamps(Role::client).subspan(windows);
    const auto keep = [&](const char* name, std::uint64_t ticks) {
      result.histograms[name].record(
          static_cast<std::uint64_t>(std::llround(director_->to_ns(ticks))));
    };
    for (std::size_t i = 0; i < order.singly; ++i) {
      if (words) {
        keep("solo_operation_ns", stamps[i]);
        keep("operation_ns", stamps[order.singly + i]);
      } else {
        keep("private_writes_ns", stamps[3 * i]);
        keep("publish_ns", stamps[3 * i + 1]);
        keep("round_trip_ns", stamps[3 * i + 2]);
      }
    }
    result.messages += order.singly;
  }

  SharedObject words_, control_;
  double probed_ns_[2] = {0, 0};
  std::int64_t expected_ns_ = 0;
};

}  // namespace

std::string contention_refusal(const Case& point) {
  if (point.structure != Structure::indices) return {};
  if (std::has_single_bit(point.depth) && point.depth <= ContendedLayout::kMostSlots) return {};
  return fmt::format("depth {}: a ring of indices has a power of two of slots, up to {}",
                     point.depth, ContendedLayout::kMostSlots);
}

std::unique_ptr<Effect> contention(const LaunchSpec& spec) {
  return std::make_unique<Contention>(spec);
}

}  // namespace ipcmark
