// Plan, flags and defaults put together.
#include "harness/resolve.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/tests/fake_experiments.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

class Resolve : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("ipcmark-resolve-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    std::ofstream(folder_ / "two.toml") << R"([run]
blocks = 7
[[echoing]]
transport = ["pipe", "shm_ring"]
wait = "block"
[[echoing]]
transport = "shm_ring"
wait = "spin"
[[flowing]]
transport = "pipe"
)";
    options_.plan = (folder_ / "two.toml").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  RunOptions options_;
};

TEST_F(Resolve, a_plan_that_measures_nothing_says_what_it_lacks) {
  options_.plan = (folder_ / "none.toml").string();
  for (const char* text : {"", "[run]\nblocks = 7\n"}) {
    std::ofstream(options_.plan) << text;
    try {
      static_cast<void>(resolve_plan(options_));
      FAIL();
    } catch (const UsageError& error) {
      EXPECT_EQ(error.what(), options_.plan +
                                  ": no experiment in it; add a table for one: "
                                  "[echoing], [flowing], [mixing], [teaching]");
    }
  }
  options_.experiments = {"echoing"};  // named on the command line, its defaults will do
  EXPECT_EQ(resolve_plan(options_).run.blocks, 7u);
}

TEST_F(Resolve, a_plan_that_cannot_be_read_says_why) {
  options_.plan = folder_.string();
  try {
    static_cast<void>(resolve_plan(options_));
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.what(), folder_.string() + ": Is a directory");
  }
}

TEST_F(Resolve, fills_in_what_the_experiment_sets) {
  const Plan plan = resolve_plan(options_);
  EXPECT_EQ(plan.name, "two");
  EXPECT_EQ(plan.run.blocks, 7u);
  ASSERT_EQ(plan.entries.size(), 3u);
  EXPECT_EQ(plan.entries[0].axes.at("message_bytes"), (Texts{"1", "2", "4", "8"}));
  EXPECT_EQ(plan.entries[0].axes.at("path"), (Texts{"queue", "shm"}));
  EXPECT_EQ(plan.entries[2].axes.at("pattern"), Texts{"pour"});
}

TEST_F(Resolve, keeps_the_experiments_asked_for) {
  options_.experiments = {"flowing"};
  const Plan plan = resolve_plan(options_);
  ASSERT_EQ(plan.entries.size(), 1u);
  EXPECT_EQ(plan.entries[0].experiment, "flowing");
}

TEST_F(Resolve, an_axis_flag_replaces_the_axis_in_every_table) {
  options_.overrides = {{"wait", {"yield"}}, {"message_bytes", {"64"}}};
  for (const PlanEntry& entry : resolve_plan(options_).entries) {
    EXPECT_EQ(entry.axes.at("wait"), Texts{"yield"});
    EXPECT_EQ(entry.axes.at("message_bytes"), Texts{"64"});
  }
}

TEST_F(Resolve, tables_keep_the_transports_asked_for_and_empty_ones_go) {
  options_.overrides = {{"transport", {"pipe"}}};
  const Plan plan = resolve_plan(options_);
  ASSERT_EQ(plan.entries.size(), 2u);
  EXPECT_EQ(plan.entries[0].axes.at("transport"), Texts{"pipe"});
  EXPECT_EQ(plan.entries[0].axes.at("wait"), Texts{"block"});
  EXPECT_EQ(plan.entries[1].experiment, "flowing");
}

TEST_F(Resolve, a_transport_in_no_table_gets_one_of_defaults) {
  options_.experiments = {"echoing"};
  options_.overrides = {{"transport", {"null", "shm_ring"}}};
  const Plan plan = resolve_plan(options_);
  ASSERT_EQ(plan.entries.size(), 3u);
  EXPECT_EQ(plan.entries[2].axes.at("transport"), Texts{"null"});
  EXPECT_EQ(plan.entries[2].axes.at("message_bytes"), (Texts{"1", "2", "4", "8"}));
  EXPECT_FALSE(plan.entries[2].axes.contains("wait"));
}

TEST_F(Resolve, an_experiment_that_refuses_an_override_is_left_out) {
  options_.overrides = {{"pattern", {"ping"}}};
  for (const PlanEntry& entry : resolve_plan(options_).entries) {
    EXPECT_EQ(entry.experiment, "echoing");
  }
  options_.overrides = {{"pattern", {"expire"}}};
  EXPECT_THROW(static_cast<void>(resolve_plan(options_)), UsageError);
}

TEST_F(Resolve, settings_cpus_and_allowances_are_added) {
  options_.settings = {{"blocks", "3"}, {"measure_ns", "5ms"}};
  options_.cpus = {1, 2};
  options_.allow = {"isolation", "isolation"};
  const Plan plan = resolve_plan(options_);
  EXPECT_EQ(plan.run.blocks, 3u);
  EXPECT_EQ(plan.run.max_blocks, 3u);
  EXPECT_EQ(plan.run.measure_ns, 5'000'000u);
  EXPECT_EQ(plan.cpus, (std::vector<int>{1, 2}));
  EXPECT_EQ(plan.allowed, Texts{"isolation"});
}

TEST_F(Resolve, like_repeats_the_plan_of_a_run) {
  const Plan plan = resolve_plan(options_);
  std::ofstream(folder_ / "manifest.json") << nlohmann::json{{"plan", to_json(plan)}};
  RunOptions again;
  again.like = folder_.string();
  EXPECT_EQ(to_json(resolve_plan(again)), to_json(plan));
  std::ofstream(folder_ / "manifest.json") << "{}";
  EXPECT_THROW(static_cast<void>(resolve_plan(again)), UsageError);
  again.like = (folder_ / "nowhere").string();
  EXPECT_THROW(static_cast<void>(resolve_plan(again)), UsageError);
}

TEST_F(Resolve, an_unknown_plan_gets_the_nearest_name) {
  options_.plan = "quikc";
  try {
    static_cast<void>(resolve_plan(options_));
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "no plan `quikc`: neither a file nor a shipped plan; did you mean `quick`?");
  }
}

}  // namespace
}  // namespace ipcmark
