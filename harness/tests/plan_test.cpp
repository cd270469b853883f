// What plan files may say, and what is said about those that may not.
#include "harness/plan.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/settings.hpp"
#include "harness/tests/fake_experiments.hpp"

namespace ipcmark {
namespace {

using Texts = std::vector<std::string>;

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(parse_plan(text, "my.toml"));
    return "none";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(plan, sets_the_run_and_any_number_of_tables) {
  const Plan plan = parse_plan(R"(
[run]
blocks = 10
warm_up_ns = "200ms"
measure_ns = 5000000
allowed_failures = 0.05

[[echoing]]
transport = ["pipe", "shm_ring"]
message_bytes = { from = "1", to = "4Ki", per_octave = 1 }
wait = "spin"

[[echoing]]
message_bytes = [8, "64Ki", "1..4"]

[flowing]
batch = [1, "2k"]
timeout_ns = "inf"
)",
                               "my.toml");
  EXPECT_EQ(plan.run.blocks, 10u);
  EXPECT_EQ(plan.run.max_blocks, 10u);
  EXPECT_EQ(plan.run.warm_up_ns, 200'000'000u);
  EXPECT_EQ(plan.run.measure_ns, 5'000'000u);
  EXPECT_DOUBLE_EQ(plan.run.allowed_failures, 0.05);
  EXPECT_EQ(plan.run.windows, RunSettings{}.windows);
  ASSERT_EQ(plan.entries.size(), 3u);
  EXPECT_EQ(plan.entries[0].experiment, "echoing");
  EXPECT_EQ(plan.entries[0].axes.at("transport"), (Texts{"pipe", "shm_ring"}));
  EXPECT_EQ(plan.entries[0].axes.at("message_bytes").size(), 13u);
  EXPECT_EQ(plan.entries[0].axes.at("wait"), Texts{"spin"});
  EXPECT_EQ(plan.entries[1].axes.at("message_bytes"), (Texts{"8", "65536", "1", "2", "4"}));
  EXPECT_EQ(plan.entries[2].axes.at("batch"), (Texts{"1", "2000"}));
  EXPECT_EQ(plan.entries[2].axes.at("timeout_ns"), Texts{"inf"});
}

TEST(plan, blocks_are_fixed_unless_max_blocks_says_more) {
  EXPECT_EQ(parse_plan("[run]\nblocks = 2\n", "").run.max_blocks, 2u);
  EXPECT_EQ(parse_plan("[run]\nmax_blocks = 60\nblocks = 10\n", "").run.max_blocks, 60u);
  EXPECT_EQ(parse_plan("[run]\nmax_blocks = 3\nblocks = 10\n", "").run.max_blocks, 10u);
}

TEST(plan, names_file_line_and_the_nearest_word) {
  EXPECT_EQ(complaint("\n[[ecoing]]\n"),
            "my.toml:2: unknown experiment `ecoing`; did you mean `echoing`?");
  EXPECT_EQ(complaint("[[echoing]]\n\nmesage_bytes = 1\n"),
            "my.toml:3: unknown key `mesage_bytes` in [[echoing]]; did you mean `message_bytes`?");
  EXPECT_EQ(complaint("[echoing]\nwiat = \"spin\"\n"),
            "my.toml:2: unknown key `wiat` in [echoing]; did you mean `wait`?");
  EXPECT_EQ(complaint("[run]\nblock = 2\n"),
            "my.toml:2: unknown key `block` in [run]; did you mean `blocks`?");
  EXPECT_EQ(complaint("[[echoing]]\nwait = \"spinn\"\n"),
            "my.toml:2: unknown wait `spinn`; did you mean `spin`?");
  EXPECT_EQ(complaint("[[echoing]]\ntransport = [\n  \"pipe\",\n  \"shmring\"]\n"),
            "my.toml:4: unknown transport `shmring`; did you mean `shm_ring`?");
  EXPECT_EQ(complaint("[[echoing]]\nplacement = \"same_lcc\"\n"),
            "my.toml:2: unknown placement `same_lcc`; did you mean `same_llc`?");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = [1, \"64Kb\"]\n"),
            "my.toml:2: message_bytes: unknown unit `Kb` in `64Kb`; did you mean `Ki`?");
  EXPECT_EQ(complaint("[run]\nwarm_up_ns = \"2msec\"\n"),
            "my.toml:2: warm_up_ns: unknown unit `msec` in `2msec`; did you mean `ms`?");
}

TEST(plan, names_what_is_valid_when_nothing_is_near) {
  EXPECT_EQ(complaint("[[echoing]]\nidle = \"deep\"\n"),
            "my.toml:2: unknown idle `deep`; valid: default, c1, polling");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = 0\n"),
            "my.toml:2: message_bytes: `0` is out of range; valid: 1 to 1Gi, in B, Ki, Mi, Gi");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = 1.5\n"),
            "my.toml:2: message_bytes: `1.5` is not a whole number of bytes");
  EXPECT_EQ(complaint("[run]\nallowed_failures = 3\n"),
            "my.toml:2: allowed_failures: `3` is not a share from 0 to 1");
  EXPECT_EQ(complaint("[run]\nwindows = 0\n"),
            "my.toml:2: windows: `0` is out of range; valid: 1 to 65536");
}

TEST(plan, refuses_efforts_that_no_run_can_make) {
  EXPECT_EQ(complaint("[run]\nwindows = 1000000\n"),
            "my.toml:2: windows: `1000000` is out of range; valid: 1 to 65536");
  EXPECT_EQ(complaint("[run]\ntime_budget_ns = \"3ms\"\n"),
            "my.toml:2: time_budget_ns: `3ms` is out of range; valid: 0, or 1s to 168h, in ns, us, "
            "ms, s, min, h");
  EXPECT_EQ(parse_plan("[run]\ntime_budget_ns = 0\n", "my.toml").run.time_budget_ns, 0u);
}

TEST(plan, refuses_shapes_that_mean_nothing) {
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = []\n"),
            "my.toml:2: message_bytes is an empty list; valid: 1 to 1Gi, in B, Ki, Mi, Gi");
  EXPECT_EQ(
      complaint("[[echoing]]\nwait = []\n"),
      "my.toml:2: wait is an empty list; valid: spin, yield, spin_then_block, block, poll, epoll");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = [[1, 2]]\n"),
            "my.toml:2: message_bytes: a list in a list; write one list");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = \"1..64/0\"\n"),
            "my.toml:2: message_bytes: `1..64/0` is not a range: it ascends from at least 1, with "
            "1 to 64 steps an octave");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = true\n"),
            "my.toml:2: message_bytes: write a word, a number with its unit in quotes, or a list");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = { from = 8 }\n"),
            "my.toml:2: message_bytes: a range needs from and to");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = { from = 1, to = 8, per_octve = 2 }\n"),
            "my.toml:2: unknown key `per_octve` in message_bytes; did you mean `per_octave`?");
  EXPECT_EQ(complaint("[[echoing]]\nmessage_bytes = { from = 8, to = 1 }\n"),
            "my.toml:2: message_bytes: `8..1` is not a range: it ascends from at least 1, with 1 "
            "to 64 steps an octave");
  EXPECT_EQ(complaint("run = 3\n"), "my.toml:1: run is a table: write [run]");
  EXPECT_EQ(complaint("echoing = 3\n"),
            "my.toml:1: echoing is a table: write [echoing] or [[echoing]]");
  EXPECT_EQ(complaint("[run]\n\n[[echoing]]\npattern = \"pour\"\n"),
            "my.toml:3: [[echoing]] has no case: echoing refuses every point of these axes");
}

TEST(plan, names_the_line_of_what_is_not_toml) {
  const std::string line = complaint("[run]\nblocks = \n");
  EXPECT_EQ(line.substr(0, 11), "my.toml:2: ");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_THROW(static_cast<void>(load_plan("/nonexistent/plan.toml")), UsageError);
}

TEST(plan, survives_the_manifest) {
  Plan plan = parse_plan(
      "[run]\nseed = 42\nblocks = 3\nmax_blocks = 9\nallowed_failures = 0.5\n"
      "[[echoing]]\ntransport = \"pipe\"\nmessage_bytes = \"1..8\"\n"
      "[[flowing]]\nflush_ns = [\"10us\", \"inf\"]\n",
      "my.toml");
  plan.name = "my";
  plan.cpus = {2, 3};
  plan.allowed = {"isolation"};
  const Plan again = plan_from_json(to_json(plan));
  EXPECT_EQ(to_json(again), to_json(plan));
  EXPECT_EQ(again.name, "my");
  EXPECT_EQ(again.run.seed, 42u);
  EXPECT_EQ(again.run.max_blocks, 9u);
  EXPECT_DOUBLE_EQ(again.run.allowed_failures, 0.5);
  EXPECT_EQ(again.cpus, plan.cpus);
  EXPECT_EQ(again.allowed, plan.allowed);
  ASSERT_EQ(again.entries.size(), 2u);
  EXPECT_EQ(again.entries[0].axes, plan.entries[0].axes);
  EXPECT_EQ(again.entries[1].axes.at("flush_ns"), (Texts{"10000", "inf"}));
}

TEST(plan, of_another_program_is_a_usage_error) {
  const nlohmann::json good = to_json(parse_plan("[[echoing]]\ntransport = \"pipe\"\n", ""));
  const auto broken = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json bad = good;
    bad[nlohmann::json::json_pointer(pointer)] = value;
    return bad;
  };
  EXPECT_NO_THROW(static_cast<void>(plan_from_json(good)));
  for (const auto& bad :
       {broken("/entries/0/experiment", "gone"), broken("/entries/0/axes/transport/0", "gone"),
        broken("/entries/0/axes/colour", {"red"}), broken("/run/gone", 1), broken("/cpus", "all"),
        nlohmann::json(3)}) {
    EXPECT_THROW(static_cast<void>(plan_from_json(bad)), UsageError) << bad;
  }
}

TEST(settings, each_is_written_and_read_back) {
  for (const Setting& setting : settings()) {
    RunSettings run;
    set(run, setting.name, setting.share ? "0.25" : std::to_string(setting.highest));
    EXPECT_EQ(to_json(run)[std::string(setting.name)].get<double>(),
              setting.share ? 0.25 : static_cast<double>(setting.highest))
        << setting.name;
    EXPECT_EQ(to_json(run_settings_from_json(to_json(run))), to_json(run));
  }
}

}  // namespace
}  // namespace ipcmark
