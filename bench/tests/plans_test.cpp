// The shipped plans, read with the real experiments and transports.
#include <gtest/gtest.h>

#include <set>

#include "harness/resolve.hpp"
#include "harness/schedule.hpp"

namespace ipcmark {
namespace {

Plan shipped(const std::string& name) {
  RunOptions options;
  options.plan = name;
  return resolve_plan(options);
}

double minutes(const Plan& plan) {
  double ns = 0;
  for (const LaunchPlan& launch : launches_of(plan)) {
    ns += static_cast<double>(expected_ns(launch, plan.run));
  }
  return ns * plan.run.blocks / 60e9;
}

TEST(shipped_plans, are_there_and_have_cases_of_every_experiment) {
  for (const std::string name : {"smoke", "quick", "nightly", "publish"}) {
    std::set<std::string> measured;
    for (const LaunchPlan& launch : launches_of(shipped(name))) {
      ASSERT_FALSE(launch.rungs.empty());
      measured.insert(launch.experiment);
    }
    const std::vector<std::string> all = experiment_names();
    EXPECT_EQ(measured, (std::set<std::string>{all.begin(), all.end()})) << name;
  }
}

TEST(shipped_plans, keep_to_their_time) {
  EXPECT_LT(minutes(shipped("smoke")), 0.3);
  EXPECT_LT(minutes(shipped("quick")), 4);
  EXPECT_LT(minutes(shipped("nightly")), 180);
  EXPECT_LT(minutes(shipped("publish")), 720);
}

TEST(shipped_plans, every_experiment_has_defaults_that_make_cases) {
  for (const Experiment& experiment : experiments()) {
    EXPECT_FALSE(expand(experiment, {}).empty()) << experiment.name;
    EXPECT_FALSE(experiment.question.empty());
  }
}

TEST(shipped_plans, pings_answer_as_much_as_they_ask) {
  for (const LaunchPlan& launch : expand(*find_experiment("latency"), {})) {
    for (const Case& rung : launch.rungs) EXPECT_EQ(rung.reply_bytes, rung.message_bytes);
  }
}

TEST(shipped_plans, crossover_rungs_come_in_pairs_of_paths) {
  const Experiment& crossover = *find_experiment("crossover");
  EXPECT_TRUE(crossover.mirrored);
  const auto launches = expand(crossover, {{"transport", {"hybrid_pipe"}}});
  ASSERT_EQ(launches.size(), 1u);
  const auto& rungs = launches[0].rungs;
  ASSERT_EQ(rungs.size() % 2, 0u);
  for (std::size_t i = 0; i < rungs.size(); i += 2) {
    EXPECT_EQ(rungs[i].message_bytes, rungs[i + 1].message_bytes);
    EXPECT_EQ(rungs[i].path, Path::queue);
    EXPECT_EQ(rungs[i + 1].path, Path::shm);
    EXPECT_EQ(rungs[i].reply_bytes, 8u);
  }
}

}  // namespace
}  // namespace ipcmark
