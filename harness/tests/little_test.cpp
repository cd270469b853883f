#include "harness/little.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "harness/pacing.hpp"

namespace ipcmark {
namespace {

// An open loop as its stamps tell it, and one who looks at it.
struct Loop {
  std::vector<std::uint64_t> sends, arrived, aways;

  [[nodiscard]] WatchedLoop view() const { return {sends, arrived, aways}; }
  [[nodiscard]] bool blind(std::uint64_t at) const {
    const auto within = [&](const std::vector<std::uint64_t>& pairs) {
      for (std::size_t i = 0; i < pairs.size(); i += 2) {
        if (pairs[i] <= at && at < pairs[i + 1]) return true;
      }
      return false;
    };
    return within(sends) || within(aways);
  }
  [[nodiscard]] std::uint64_t under_way(std::uint64_t at) const {
    std::uint64_t sent = 0;
    while (2 * sent < sends.size() && sends[2 * sent] <= at) ++sent;
    const auto there = std::ranges::count_if(arrived, [&](auto stamp) { return stamp <= at; });
    return sent - static_cast<std::uint64_t>(there);
  }
  [[nodiscard]] Looked looked(double mean_gap) const {
    std::mt19937_64 random(5);
    std::exponential_distribution<double> gap(1 / mean_gap);
    Looked all;
    for (double at = 0; at < static_cast<double>(sends.back()); at += gap(random)) {
      const auto tick = static_cast<std::uint64_t>(at);
      if (blind(tick)) continue;
      const std::uint64_t seen = under_way(tick);
      ++all.looks, all.seen += seen, all.seen_squares += seen * seen;
    }
    return all;
  }
};

// A message every 100 ticks, 10 in its send, 30 under way in all.
Loop regular(std::uint64_t messages) {
  Loop loop;
  for (std::uint64_t i = 0; i < messages; ++i) {
    loop.sends.insert(loop.sends.end(), {100 * i, 100 * i + 10});
    loop.arrived.push_back(100 * i + 30);
  }
  return loop;
}

// Poisson sends of 200 ticks on average, none before the other has returned, and a queue behind.
Loop random_loop() {
  std::mt19937_64 random(3);
  std::exponential_distribution<double> gap(1 / 200.0), service(1 / 120.0);
  Loop loop;
  double sent = 0, free = 0;
  for (int i = 0; i < 300; ++i) {
    sent = std::max(sent + gap(random), i == 0 ? 0 : static_cast<double>(loop.sends.back()));
    free = std::max(free, sent) + service(random);
    loop.sends.push_back(static_cast<std::uint64_t>(sent));
    loop.sends.push_back(static_cast<std::uint64_t>(sent) + 15);
    loop.arrived.push_back(static_cast<std::uint64_t>(free));
  }
  return loop;
}

TEST(Little, expects_what_is_under_way_outside_of_sends) {
  const auto expected = expected_under_way(regular(1001).view());
  ASSERT_TRUE(expected);
  EXPECT_NEAR(*expected, 20.0 / 90, 1e-9);  // the last message is not waited for
}

TEST(Little, leaves_out_the_time_in_which_the_sender_was_not_running) {
  Loop loop = regular(1001);
  for (std::uint64_t i = 0; i < 1000; i += 2) {  // 40 of each second hundred, 10 of them under way
    loop.aways.insert(loop.aways.end(), {100 * i + 20, 100 * i + 60});
  }
  EXPECT_NEAR(*expected_under_way(loop.view()), (20.0 + 10) / (90 + 50), 1e-9);
}

TEST(Little, holds_for_honest_stamps_of_a_random_loop) {
  Loop loop = random_loop();
  const std::uint64_t end = loop.sends.back();
  loop.aways = {end / 4, end / 4 + 3000, end / 2, end / 2 + 9000};
  // A preempted sender sends nothing meanwhile.
  Loop without = loop;
  without.sends.clear(), without.arrived.clear();
  for (std::size_t i = 0; i < loop.arrived.size(); ++i) {
    const std::uint64_t from = loop.sends[2 * i], to = loop.sends[2 * i + 1];
    if (to > end / 4 && from < end / 4 + 3000) continue;
    if (to > end / 2 && from < end / 2 + 9000) continue;
    without.sends.insert(without.sends.end(), {from, to});
    without.arrived.push_back(loop.arrived[i]);
  }
  const auto check = check_little(without.view(), without.looked(3));
  ASSERT_TRUE(check);
  EXPECT_LT(check->error, 0.02);
  EXPECT_LT(std::abs(check->residual), 3 * check->error);
}

TEST(Little, fails_where_stamps_are_late_or_messages_are_counted_wrong) {
  const Loop honest = random_loop();
  const Looked looked = honest.looked(3);
  Loop late = honest;
  for (std::uint64_t& stamp : late.arrived) stamp += 60;
  EXPECT_LT(check_little(late.view(), looked)->residual, -0.05);
  Loop early = honest;
  for (std::uint64_t& stamp : early.arrived) stamp -= 30;
  EXPECT_GT(check_little(early.view(), looked)->residual, 0.05);
  Looked missed = looked;
  missed.seen += missed.looks;  // one message more, ever
  EXPECT_GT(check_little(honest.view(), missed)->residual, 0.05);
}

TEST(Little, says_nothing_where_nobody_could_look) {
  EXPECT_FALSE(check_little({}, {}));
  EXPECT_FALSE(check_little(regular(10).view(), {}));
  Loop busy = regular(10);  // each send returns when the next begins
  for (std::size_t i = 1; i < busy.sends.size(); i += 2) busy.sends[i] += 90;
  EXPECT_FALSE(expected_under_way(busy.view()));
}

TEST(Little, survives_stamps_that_make_no_sense) {
  Loop loop = regular(10);
  std::ranges::reverse(loop.sends);
  loop.aways = {7, 3, kNever, 0, 5, kNever};
  static_cast<void>(expected_under_way(loop.view()));
}

TEST(Pacing, takes_as_many_messages_as_the_budget_holds_within_its_bounds) {
  Case point;
  point.pattern = Pattern::pace;
  const RunSettings run{.measure_ns = 20'000'000};  // 100 ms of messages
  const auto messages = [&](std::uint64_t rate, Reading reading) {
    point.rate_per_s = rate;
    return paced_messages(point, run, reading);
  };
  EXPECT_EQ(messages(100'000, Reading::under_way), 10'000u);
  EXPECT_EQ(messages(3'000'000, Reading::under_way), 65'536u);
  EXPECT_EQ(messages(100, Reading::under_way), 50u);
  EXPECT_EQ(messages(100, Reading::times), 200u);
  point.rate_per_s = 100;
  EXPECT_EQ(paced_ns(point, run, Reading::under_way), 500'000'000);
}

TEST(Pacing, schedules_are_fixed_or_random_and_the_seeds) {
  Case point;
  point.rate_per_s = 1'000'000;
  const TimeScale scale{.ticks_per_ns = 2, .quantum_ns = 1};
  std::vector<std::uint64_t> fixed(1000), random(fixed), again(fixed);
  EXPECT_NEAR(fill_schedule(point, scale, 1, fixed), 1e6, 1);
  EXPECT_EQ(fixed[0], 0u);
  EXPECT_NEAR(static_cast<double>(fixed[999]), 999 * 2000, 1);
  point.schedule = Schedule::poisson;
  EXPECT_NEAR(fill_schedule(point, scale, 1, random), 1e6, 1.5e5);  // four and a half sd
  fill_schedule(point, scale, 1, again);
  EXPECT_EQ(random, again);
  EXPECT_NE(random, fixed);
}

TEST(Pacing, looks_come_at_exponential_gaps) {
  const auto gaps = look_gaps(2000, 9);
  double sum = 0, squares = 0;
  for (const std::uint64_t gap : gaps) {
    const auto ticks = static_cast<double>(gap);
    sum += ticks, squares += ticks * ticks;
  }
  const double mean = sum / static_cast<double>(gaps.size());
  EXPECT_NEAR(mean, 2000, 300);
  EXPECT_NEAR(squares / static_cast<double>(gaps.size()) / (mean * mean), 2, 0.5);
}

}  // namespace
}  // namespace ipcmark
