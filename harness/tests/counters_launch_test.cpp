// Launches that count events: the kernel's own, which are to be had here, and a recorded PMU's.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "harness/counter_names.hpp"
#include "harness/spawn.hpp"
#include "harness/tests/small_launch.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

// `machine`: a recorded PMU, or this machine's.
json counted(Case point, std::string counters, int server_cpu, const char* machine = nullptr) {
  point.counters = std::move(counters);
  LaunchSpec spec = spec_of({point});
  spec.reading = Reading::counters;
  spec.server_cpu = server_cpu;
  spec.settings.measure_ns = 20'000'000;
  spec.settings.phase_deadline_ns = 10'000'000'000;
  if (machine != nullptr) ::setenv("IPCMARK_TEST_PERF", machine, 1);
  const auto records = run_launch_process(spec, kDeadlineNs);
  ::unsetenv("IPCMARK_TEST_PERF");
  return records.at(0);
}

// Each message wakes the one that waits for it, and its sender sleeps or is put aside for it: one
// switch a message. More come from others on the CPU, at most one a scheduler's tick.
TEST(CountersLaunch, a_message_between_two_on_one_cpu_is_one_switch) {
  const json record = counted(pings("pipe"), "scheduling", 0);
  if (record["status"] == "skipped") GTEST_SKIP() << record["reason"];
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const json& values = record["values"];
  EXPECT_GT(values["context_switches_per_message"], 0.9);
  EXPECT_LT(values["context_switches_per_message"], 1.25);
  EXPECT_LT(values["cpu_migrations_per_message"], 0.01);  // both are bound
  EXPECT_LT(values["minor_faults_per_message"], 0.05);    // and all is warm
  EXPECT_EQ(record["events"]["context_switches"], "kernel");
  EXPECT_TRUE(record["windows"].is_null());
  EXPECT_TRUE(record["canary"].is_null());
  EXPECT_EQ(record["metric"]["quantity"], "events_per_message");
}

// Two sources of one fact: perf's own count inside what rusage saw around it.
TEST(CountersLaunch, perf_and_rusage_agree_on_each_end) {
  const json record = counted(pings("pipe"), "scheduling", 0);
  if (record["status"] == "skipped") GTEST_SKIP() << record["reason"];
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  for (const json& role : record["roles"]) {
    const json& counters = role["counters"];
    const auto rusage = role["voluntary_switches"].get<std::int64_t>() +
                        role["involuntary_switches"].get<std::int64_t>();
    const auto perf = counters["context_switches"]["all"].get<std::int64_t>();
    EXPECT_GE(rusage, perf);
    EXPECT_LE(rusage - perf, 4);  // while the files of /proc were read
    const auto clock = counters["task_clock_ns"]["all"].get<double>();
    // The switches themselves, thousands of them, are in the scheduler's account alone.
    EXPECT_GE(clock, role["cpu_ns"].get<double>() / 2);
    EXPECT_FALSE(role.contains("counters_missing")) << role["counters_missing"];
    EXPECT_TRUE(role["interrupts"].contains("reschedules"));
  }
}

// The null case: ends that spin never sleep, and nothing interrupts them for a message.
TEST(CountersLaunch, a_spinning_ring_switches_and_interrupts_for_nothing) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "spinning ends need two CPUs";
  Case point = pings("shm_ring");
  point.wait = Wait::spin;
  point.backing = Backing::memfd;
  const json record = counted(point, "scheduling", 1);
  if (record["status"] == "skipped") GTEST_SKIP() << record["reason"];
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const json& values = record["values"];
  EXPECT_LT(values["context_switches_per_message"], 0.02);
  EXPECT_LT(values["minor_faults_per_message"], 0.01);
  for (const char* row : {"tlb_shootdowns", "function_calls", "reschedules"}) {
    const std::string name = std::string(row) + "_per_message";
    if (values.contains(name)) {
      EXPECT_LT(values[name], 0.02) << row;
    }
  }
}

TEST(CountersLaunch, of_none_has_the_kernels_accounts_alone) {
  const json record = counted(pings("pipe"), "none", 0);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_TRUE(record["roles"][0]["counters"].empty());
  EXPECT_GT(record["roles"][0]["voluntary_switches"], 0);
  EXPECT_GT(record["values"]["cpu_ns_per_message"], 0);
}

TEST(CountersLaunch, a_pmus_events_are_told_by_user_and_kernel_per_message) {
  if (!why_no_names().empty()) GTEST_SKIP() << why_no_names();
  const json record = counted(pings("pipe"), "coherence", 0, "skx");
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_EQ(record["events"]["hitm"], "skx::MEM_LOAD_L3_HIT_RETIRED:XSNP_HITM");
  const double ways = 2 * record["messages"].get<double>();
  for (const json& role : record["roles"]) {
    EXPECT_EQ(role["counters"]["hitm"], json({{"user", 1024}, {"kernel", 256}}));
    EXPECT_EQ(role["counters"]["cache_misses"], json({{"user", 16}, {"kernel", 4}}));
    EXPECT_EQ(role["counters"]["remote_hitm"], json({{"user", 0}, {"kernel", 0}}));  // not missing
  }
  const json& values = record["values"];  // four significant digits
  EXPECT_NEAR(values["hitm_user_per_message"], 2 * 1024 / ways, 1e-4 * 2 * 1024 / ways);
  EXPECT_NEAR(values["hitm_per_message"], 2 * 1280 / ways, 1e-4 * 2 * 1280 / ways);
  EXPECT_EQ(values["remote_hitm_per_message"], 0);
}

TEST(CountersLaunch, a_group_that_shared_the_pmu_is_dropped_with_the_reason) {
  if (!why_no_names().empty()) GTEST_SKIP() << why_no_names();
  const json record = counted(pings("pipe"), "frontend", 0, "skx_shared");
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  for (const json& role : record["roles"]) {
    EXPECT_TRUE(role["counters"]["cycles"]["user"].is_null());
    const auto why = role["counters_missing"].get<std::string>();
    EXPECT_NE(why.find("cycles user: multiplexed: counted during 0.250 of 1.000 ms, dropped; "
                       "kernel.nmi_watchdog 1"),
              std::string::npos)
        << why;
  }
  EXPECT_FALSE(record["values"].contains("cycles_per_message"));
}

TEST(CountersLaunch, what_is_forbidden_is_skipped_with_the_knob_and_its_value) {
  if (!why_no_names().empty()) GTEST_SKIP() << why_no_names();
  const json record = counted(pings("pipe"), "tlb", 0, "unprivileged");
  EXPECT_EQ(record["status"], "skipped");
  EXPECT_NE(record["reason"].get<std::string>().find(
                "perf_event_open: Permission denied (kernel.perf_event_paranoid 3"),
            std::string::npos)
      << record["reason"];
}

TEST(CountersLaunch, half_of_what_is_asked_is_counted_and_the_other_half_named) {
  if (!why_no_names().empty()) GTEST_SKIP() << why_no_names();
  const json record = counted(pings("pipe"), "tlb", 0, "user_only");
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const json& role = record["roles"][0];
  EXPECT_EQ(role["counters"]["load_walks"], json({{"user", 12}}));
  EXPECT_NE(role["counters_missing"].get<std::string>().find("load_walks kernel"),
            std::string::npos);
  EXPECT_TRUE(record["values"].contains("load_walks_user_per_message"));
  EXPECT_FALSE(record["values"].contains("load_walks_per_message"));  // half is not the whole
}

TEST(CountersLaunch, without_a_pmu_its_groups_are_skipped_with_the_call_and_the_reason) {
  const json record = counted(pings("pipe"), "tlb", 0);
  if (record["status"] == "ok") GTEST_SKIP() << "there is a PMU here";
  EXPECT_EQ(record["status"], "skipped");
  EXPECT_FALSE(record["reason"].get<std::string>().empty());
}

}  // namespace
}  // namespace ipcmark
