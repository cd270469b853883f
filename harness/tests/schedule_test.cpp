#include "harness/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/runner.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

LaunchPlan ladder(const std::string& transport, std::vector<Path> paths) {
  LaunchPlan launch{.experiment = "crossover", .rungs = {}, .mirrored = true};
  for (const std::uint64_t bytes : {64, 4096}) {
    for (const Path path : paths) {
      Case point;
      point.transport = transport;
      point.pattern = Pattern::ask;
      point.message_bytes = bytes;
      point.path = path;
      launch.rungs.push_back(point);
    }
  }
  return launch;
}

TEST(Schedule, a_block_holds_every_launch_once_in_the_seeds_order) {
  std::vector<LaunchPlan> launches;
  for (int i = 0; i < 20; ++i) launches.push_back(ladder(std::to_string(i), {Path::raw}));
  const auto block = block_of(launches, 3, 42);
  std::set<std::string> ids;
  for (const auto& launch : block) ids.insert(launch.id);
  EXPECT_EQ(ids.size(), 20u);
  EXPECT_EQ(*ids.begin(), "b003-l0000");
  const auto id = [](const ScheduledLaunch& launch) { return launch.id; };
  EXPECT_FALSE(std::ranges::is_sorted(block, {}, id));
  EXPECT_TRUE(std::ranges::equal(block, block_of(launches, 3, 42), {}, id, id));
  EXPECT_FALSE(std::ranges::equal(block, block_of(launches, 4, 42), {}, id, id));
}

TEST(Schedule, a_giant_message_is_expected_to_take_longer_than_its_budget) {
  LaunchPlan launch{.experiment = "echoing", .rungs = {Case{}}};
  const RunSettings run{.warm_up_ns = 1, .measure_ns = 1, .operations_ns = 1};
  launch.rungs[0].message_bytes = 64;
  const auto small = expected_ns(launch, run);
  launch.rungs[0].message_bytes = 1ull << 30;
  EXPECT_GT(expected_ns(launch, run), small + (1ll << 30));
}

TEST(Schedule, exploring_blocks_run_what_needs_T_without_it) {
  const std::vector<LaunchPlan> launches{ladder("a", {Path::queue, Path::shm, Path::automatic}),
                                         ladder("b", {Path::raw})};
  const auto explorers = exploring(launches);
  ASSERT_EQ(explorers.size(), 1u);
  EXPECT_EQ(explorers[0].rungs.size(), 4u);
  EXPECT_EQ(exploring_blocks(launches, {.blocks = 6}), 2u);
  EXPECT_EQ(exploring_blocks({launches[1]}, {.blocks = 6}), 0u);
}

TEST(Schedule, an_answer_sets_T_and_adds_sizes_around_it) {
  std::vector<LaunchPlan> launches{ladder("a", {Path::queue, Path::shm, Path::automatic}),
                                   ladder("b", {Path::queue, Path::automatic})};
  apply_answer(launches, {{"thresholds",
                           {{{"transport", "a"},
                             {"case", {{"wait", "block"}}},
                             {"threshold_bytes", 1500},
                             {"refine_bytes", {1000, 4096}}}}}});
  ASSERT_EQ(launches[0].rungs.size(), 9u);  // 4096 B was there
  for (const auto& rung : launches[0].rungs) {
    EXPECT_EQ(rung.threshold_bytes, rung.path == Path::automatic ? 1500 : -1);
  }
  EXPECT_EQ(launches[1].rungs.size(), 4u);
  EXPECT_EQ(launches[1].rungs[1].threshold_bytes, -1);
}

LaunchPlan mixture(const std::string& transport) {
  LaunchPlan launch{.experiment = "mixing", .rungs = {}};
  for (const Path path : {Path::queue, Path::automatic}) {
    Case point;
    point.transport = transport;
    point.pattern = Pattern::pace;
    point.sizes = "pareto";
    point.reply_bytes = 0;
    point.path = path;
    launch.rungs.push_back(point);
  }
  return launch;
}

TEST(Schedule, a_mixture_learns_T_from_its_teacher_which_is_not_run_twice) {
  const auto explorers = exploring({mixture("pipe"), mixture("pipe")});
  ASSERT_EQ(explorers.size(), 1u);
  EXPECT_EQ(explorers[0].experiment, "teaching");
  EXPECT_EQ(explorers[0].rungs[0].transport, "pipe");
  EXPECT_EQ(explorers[0].rungs[0].pattern, Pattern::ask);
  LaunchPlan waits = mixture("pipe");
  for (Case& rung : waits.rungs) rung.wait = Wait::spin;
  EXPECT_EQ(exploring({mixture("pipe"), waits}).size(), 2u);
}

TEST(Schedule, a_mixture_takes_the_T_of_round_trips_and_no_sizes) {
  std::vector<LaunchPlan> launches{mixture("a")};
  apply_answer(launches, {{"thresholds",
                           {{{"transport", "a"},
                             {"case", {{"wait", "block"}, {"pattern", "ask"}}},
                             {"threshold_bytes", 1500},
                             {"refine_bytes", {1000}}}}}});
  ASSERT_EQ(launches[0].rungs.size(), 2u);
  EXPECT_EQ(launches[0].rungs[1].threshold_bytes, 1500);
}

TEST(Schedule, load_curves_are_explored_and_take_the_rates_that_bisect_their_knees) {
  Case point;
  point.transport = "a";
  point.pattern = Pattern::pace;
  point.schedule = Schedule::fixed;
  point.rate_per_s = 1000;
  LaunchPlan curve{.experiment = "load", .rungs = {point}, .reading = Reading::under_way};
  LaunchPlan poisson = curve;
  poisson.rungs[0].schedule = Schedule::poisson;
  std::vector<LaunchPlan> launches{ladder("b", {Path::raw}), curve, poisson};
  EXPECT_EQ(exploring(launches).size(), 2u);
  EXPECT_EQ(exploring_blocks(launches, {.blocks = 6}), 2u);
  add_rates(
      launches,
      {{{"transport", "a"}, {"case", {{"schedule", "fixed"}}}, {"rates_per_s", {3000, 1000}}}});
  ASSERT_EQ(launches[1].rungs.size(), 2u);  // 1000/s was there
  EXPECT_EQ(launches[1].rungs[1].rate_per_s, 3000u);
  EXPECT_EQ(launches[1].rungs[1].schedule, Schedule::fixed);
  EXPECT_EQ(launches[2].rungs.size(), 1u);
  EXPECT_EQ(launches[0].rungs.size(), 2u);
  EXPECT_THROW(add_rates(launches, {{{"transport", "a"}, {"case", json::object()}}}), UsageError);
}

TEST(Schedule, an_answer_for_another_wait_policy_is_not_ours) {
  std::vector<LaunchPlan> launches{ladder("a", {Path::queue, Path::automatic})};
  apply_answer(launches,
               {{"thresholds",
                 {{{"transport", "a"}, {"case", {{"wait", "spin"}}}, {"threshold_bytes", 1500}}}}});
  EXPECT_EQ(launches[0].rungs[1].threshold_bytes, -1);
}

TEST(Schedule, TheFirstLaunchesDoNotSpeakForAll) {
  Pace pace{.trust_ns = 50};
  EXPECT_EQ(pace.of(950), 950);
  pace.expected_ns = 10, pace.taken_ns = 30;  // three times as long, but few of them
  EXPECT_EQ(pace.of(900), 1200);
  pace.expected_ns = 450, pace.taken_ns = 950;
  EXPECT_EQ(pace.of(500), 1000);
}

}  // namespace
}  // namespace ipcmark
