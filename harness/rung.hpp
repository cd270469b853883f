// One rung of a launch's ladder: which phases it goes through, how many messages each takes, and
// what came of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/case.hpp"
#include "harness/counted.hpp"
#include "harness/histogram.hpp"
#include "harness/maybe_count.hpp"
#include "harness/plan.hpp"
#include "harness/reading.hpp"
#include "harness/rendezvous.hpp"
#include "harness/system_calls.hpp"
#include "harness/time_scale.hpp"

namespace ipcmark {

struct CounterPlan;

// Facts of a rung, over all its visits.
struct RungResult {
  std::uint64_t messages = 0;
  std::uint64_t window_messages = 0;  // K
  std::vector<double> window_ns_per_message;
  double window_cpu_ns = 0;  // both ends
  std::uint64_t windowed = 0;
  std::map<std::string, Histogram> histograms;
  std::map<std::string, double> values;
  // Beside them, what is exact.
  std::map<std::string, std::uint64_t> counts;
  // Of an effect: what was measured in turns, by name; entries of one place belong together.
  std::map<std::string, std::vector<double>> rounds;
  std::uint64_t warm_up_messages = 0;
  std::uint64_t warm_up_ns = 0;
  struct OfRole {
    std::uint64_t messages = 0;
    std::uint64_t cpu_ns = 0;
    std::optional<Usage> usage;
    std::set<int> cpus;
    BufferPages pages;
    std::optional<SystemCalls> system_calls;  // where they were counted
    // Where events were: counter → whose (all, user, kernel) → how many, none where it was dropped;
    // why any is missing; and the accounts of the first pass.
    std::map<std::string, std::map<std::string, Count>> counters;
    std::string counters_missing;
    std::optional<Counted> accounts;
  };
  std::vector<OfRole> roles;  // clients, then servers
};

// Phases of a channel's life.
struct LifeTicks {
  std::uint64_t open = 0;
  std::uint64_t connect = 0;  // all ends
  std::uint64_t first_message = 0;
  std::uint64_t close = 0;  // all ends
  std::uint64_t remove = 0;

  [[nodiscard]] std::uint64_t all() const {
    return open + connect + first_message + close + remove;
  }
};

// Of all roles: clients, then servers.
using Reports = std::span<const Report>;

// How long requests that may be repeated are made.
[[nodiscard]] std::uint64_t retry_ns(const Case& point, const RunSettings& settings);

// Counts and steps follow from a probe of the first messages, never from a clock inside a measured
// loop.
class RungMeter {
 public:
  // `visits`: how often this rung will be visited in the launch; budgets are shared among them.
  RungMeter(const Case& point, const RunSettings& settings, TimeScale scale, int visits,
            Reading reading = Reading::times);

  // What the ends have got of what the shape asks; for the record.
  void take_shapes(Reports reports);
  // First: verify, and a few messages to see what one costs.
  [[nodiscard]] Order probe() const;
  // How long the memory of one probe may take to be mapped, filled, and compared, before anything
  // has been timed.
  [[nodiscard]] std::int64_t probe_ns() const;
  void take_probe(Reports reports, const Stage& stage);
  // Where messages under way are watched: what the driver costs a message, nothing being sent.
  [[nodiscard]] Order dry() const;
  void take_dry(const Report& report);
  // One-way times are shorter than the clocks of the two CPUs are known apart.
  void leave_out_one_way();
  // Then: warm up and measure. `seed` makes an open loop's schedule, written to the stage.
  [[nodiscard]] Order measure(const Stage& stage, std::uint64_t seed);
  void take_measure(Reports reports, const Stage& stage);
  // Between: whether the channel's capacity has to be found, by filling it and emptying it again.
  [[nodiscard]] bool fills() const;
  [[nodiscard]] Order fill() const;
  [[nodiscard]] Order empty(std::uint64_t messages) const;
  void take_filled(const Report& filler, std::span<const std::uint64_t> stamps);
  void take_emptied(Reports reports) const;
  // Why the window cannot be had, which would fill the channel for ever; empty if it can.
  [[nodiscard]] std::string too_wide() const;
  // Before that, where messages differ in size: draws the sizes and sends them as fast as they go,
  // verified at first, then timed. The same seed gives the same sizes in every case.
  [[nodiscard]] Order stream(const Stage& stage, std::uint64_t seed);
  void take_stream(Reports reports, const Stage& stage);
  // Last: a few messages compared whole, since what was measured may have touched none.
  [[nodiscard]] Order recheck() const;
  void take_recheck(Reports reports, const Stage& stage);

  // Or instead: a few messages whose system calls are counted; a role's each.
  [[nodiscard]] Order count();
  void take_count(Reports reports, std::span<const SystemCalls> calls, const Stage& stage);
  // Or messages for each pass of a plan of counters, whose events are counted meanwhile.
  [[nodiscard]] Order count_events(std::int32_t pass);
  void take_events(Reports reports, const CounterPlan& plan, std::int32_t pass, const Stage& stage);
  // After all of them: each per message, one way, both ends together.
  void normalise_events();
  // Or, of a channel whose server is lost on purpose: when and how its client knew.
  [[nodiscard]] Order outlive();
  void take_outlived(const Report& survivor, const Stage& stage);
  // Or, of a channel that has just been made: its first round trip, which is returned in ticks, and
  // how long each phase of its life took.
  [[nodiscard]] Order first_message();
  [[nodiscard]] std::uint64_t take_first_message(Reports reports, const Stage& stage);
  void take_life(const LifeTicks& life);

  // How long the last order ought to take.
  [[nodiscard]] std::int64_t expected_ns() const { return expected_ns_; }
  [[nodiscard]] RungResult& result() { return result_; }
  [[nodiscard]] const Case& point() const { return point_; }

 private:
  [[nodiscard]] Job job(std::uint64_t messages, std::uint64_t each) const;
  [[nodiscard]] bool closed_loop() const {
    return point_.pattern == Pattern::ping || point_.pattern == Pattern::ask ||
           point_.pattern == Pattern::retry;
  }
  // A role that lies about its stamps may seem to need for ever: three years, and 20 times that,
  // still fit.
  [[nodiscard]] static std::int64_t as_ns(double ns) {
    return static_cast<std::int64_t>(std::min(ns, 1e17));
  }
  [[nodiscard]] Part part() const;
  [[nodiscard]] std::uint64_t lead() const;
  [[nodiscard]] std::uint64_t in_batches(double messages) const;
  [[nodiscard]] std::uint64_t warm_up_messages() const;
  void plan_windows(Order& order);
  void plan_operations(Order& order);
  void plan_schedule(Order& order, const Stage& stage, std::uint64_t seed);
  void plan_expiry(Order& order);
  void plan_window(Order& order);
  void take_responses(std::span<const std::uint64_t> pairs, std::uint64_t lead);
  [[nodiscard]] Step deal(double messages, double ns, Phase phase) const;
  [[nodiscard]] Order probe_deal() const;
  [[nodiscard]] Order recheck_deal() const;
  void plan_deal(Order& order);
  void check_deal(Reports reports, const Order& order) const;
  void take_deal_probe(Reports reports, const Stage& stage);
  void take_deal(Reports reports, const Stage& stage);
  void plan_retries(Order& order);
  void plan_thoughts(Order& order, const Stage& stage, std::uint64_t seed) const;
  // What the server was told to take over the messages that were timed: their mean is not the
  // case's.
  void take_thoughts(const Stage& stage, std::uint64_t counted);
  void plan_overtaking(Order& order);
  [[nodiscard]] double to_ns(std::uint64_t ticks) const {
    return static_cast<double>(ticks) / scale_.ticks_per_ns;
  }
  // Lengths of the windows of a phase, and of it all, in ticks.
  struct Windows {
    std::vector<double> lengths;
    double all = 0;
  };
  [[nodiscard]] Windows windows_of(std::span<const std::uint64_t> stamps) const;
  [[nodiscard]] Windows drained_windows(Reports reports, const Stage& stage) const;
  void take_windows(const Windows& windows);
  [[nodiscard]] std::size_t first_server() const { return point_.producers; }
  void take_operations(std::span<const std::uint64_t> stamps);
  void take_schedule(Reports reports, const Stage& stage);
  void take_watched(Reports reports, const Stage& stage);
  [[nodiscard]] std::vector<std::uint64_t> handed_over(const Stage& stage) const;
  [[nodiscard]] std::int64_t stall_ns() const;
  void take_expiry(std::span<const std::uint64_t> stamps);
  void take_looks(const StepReport& receiver);
  void take_retries(const Report& client, std::span<const std::uint64_t> stamps);
  void take_overtaking(Reports reports, const Stage& stage);
  void add_losses(const StepReport& step);
  [[nodiscard]] bool lossy() const;
  [[nodiscard]] bool together() const { return point_.shared() || lossy(); }
  [[nodiscard]] std::string name_of(std::size_t role) const;
  void check(Reports reports, const Order& order) const;
  void check_payload(Reports reports, const Order& order) const;
  void check_mailbox(Reports reports, std::string_view phase) const;
  void check_losses(Reports reports, std::string_view phase) const;

  Case point_;
  RunSettings settings_;
  TimeScale scale_;
  int visits_;
  Reading reading_;
  double message_ns_ = 1000;  // one message (with its reply), as the probe saw it
  std::uint64_t slots_ = 0;
  std::uint64_t capacity_ = kNever;  // messages, where it was found by filling
  std::uint64_t timer_slack_ns_ = 0;
  std::int64_t expected_ns_ = 0;
  std::uint64_t sequence_ = 0;
  Order last_;
  RungResult result_;
};

}  // namespace ipcmark
