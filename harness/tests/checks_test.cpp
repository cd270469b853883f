#include "harness/checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

namespace ipcmark {
namespace {

using nlohmann::json;

const BuildInfo kGoodBuild{.flags = "-O2 -DNDEBUG", .build_type = "Release", .commit = "abc"};

std::vector<std::string> names(const std::vector<Doubt>& doubts) {
  std::vector<std::string> found;
  for (const Doubt& doubt : doubts) found.push_back(doubt.check);
  return found;
}

// The only doubt about these facts, or a failure.
Doubt only_doubt(const json& facts) {
  const auto doubts = doubts_about(facts, kGoodBuild);
  EXPECT_EQ(doubts.size(), 1U) << facts;
  return doubts.empty() ? Doubt{} : doubts.front();
}

TEST(DoubtsTest, what_the_machine_keeps_to_itself_raises_none) {
  EXPECT_TRUE(doubts_about(json::object(), kGoodBuild).empty());
  const json nulls = {{"governor", nullptr},       {"idle_states", json::array()},
                      {"cgroup_cpu_max", nullptr}, {"hypervisor", "none"},
                      {"irqbalance_pid", nullptr}, {"steal_ppm_since_boot", nullptr},
                      {"cpus_isolated", nullptr},  {"cpus_online", nullptr}};
  EXPECT_TRUE(doubts_about(nulls, kGoodBuild).empty());
}

TEST(DoubtsTest, a_tuned_machine_raises_none) {
  const json tuned = {{"cpus_online", "0-7"},
                      {"cpus_isolated", "4-7"},
                      {"governor", {{"performance", 8}}},
                      {"intel_pstate_no_turbo", "1"},
                      {"cpufreq_boost", "0"},
                      {"idle_states",
                       {{{"name", "C1"}, {"latency_us", "2"}, {"disabled", "0"}},
                        {{"name", "C6"}, {"latency_us", "133"}, {"disabled", "1"}}}},
                      {"memory", {{"SwapTotal", "100 kB"}, {"SwapFree", "100 kB"}}},
                      {"kernel.perf_event_paranoid", "1"},
                      {"cgroup_cpu_max", "max"},
                      {"thp_enabled", "always [madvise] never"},
                      {"kernel.numa_balancing", "0"},
                      {"kernel.nmi_watchdog", "0"},
                      {"clocksource", "tsc"},
                      {"steal_ppm_since_boot", 0.0},
                      {"invariant_counter", true}};
  EXPECT_TRUE(doubts_about(tuned, kGoodBuild).empty());
}

TEST(DoubtsTest, each_has_its_number_and_its_remedy) {
  const std::vector<std::tuple<json, std::string, std::string, std::string>> expected = {
      {{{"cpus_online", "0-7"}, {"cpus_isolated", ""}}, "not_isolated", "8 CPUs", "isolcpus"},
      {{{"irqbalance_pid", 812}}, "irqbalance", "812", "systemctl stop irqbalance"},
      {{{"idle_states", {{{"name", "C6"}, {"latency_us", "133"}, {"disabled", "0"}}}}},
       "deep_c_states",
       "C6 takes 133 us",
       "--idle c1"},
      {{{"governor", {{"performance", 1}, {"powersave", 7}}}},
       "governor",
       "powersave on 7",
       "tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"},
      {{{"intel_pstate_no_turbo", "0"}}, "turbo", "no_turbo is 0", "no_turbo"},
      {{{"cpufreq_boost", "1"}}, "turbo", "boost is 1", "cpufreq/boost"},
      {{{"hypervisor", "kvm"}}, "virtual_machine", "kvm", "bare metal"},
      {{{"emulator", "qemu-arm (x86-64)"}}, "emulated", "qemu-arm (x86-64)", "own CPU"},
      {{{"memory", {{"SwapTotal", "100 kB"}, {"SwapFree", "58 kB"}}}},
       "swap_in_use",
       "42",
       "swapoff"},
      {{{"steal_ppm_since_boot", 2500.0}}, "steal", "0.250 %", "host"},
      {{{"kernel.perf_event_paranoid", "3"}}, "perf_paranoid", "is 3", "paranoid=1"},
      {{{"cgroup_cpu_max", "50000 100000"}}, "cgroup_quota", "50000 us", "cpu.max"},
      {{{"thp_enabled", "[always] madvise never"}}, "thp", "always", "madvise"},
      {{{"kernel.numa_balancing", "1"}}, "numa_balancing", "is 1", "numa_balancing=0"},
      {{{"kernel.nmi_watchdog", "1"}}, "nmi_watchdog", "is 1", "nmi_watchdog=0"},
      {{{"container", "podman"}}, "container", "podman", "cpuset"},
      {{{"cpus_online", "0"}, {"cpus_isolated", ""}}, "one_cpu", "1 CPU (0)", "same_core"},
      {{{"clocksource", "hpet"}}, "clocksource", "hpet", "tsc"},
      {{{"invariant_counter", false}}, "invariant_counter", "rate", "nonstop_tsc"}};
  for (const auto& [facts, check, number, remedy] : expected) {
    const Doubt doubt = only_doubt(facts);
    EXPECT_EQ(doubt.check, check);
    EXPECT_NE(doubt.message.find(number), std::string::npos) << doubt.message;
    EXPECT_NE(doubt.remedy.find(remedy), std::string::npos) << doubt.remedy;
  }
}

TEST(DoubtsTest, a_capability_beats_perf_event_paranoid) {
  const json facts = {{"kernel.perf_event_paranoid", "3"},
                      {"process", {{"CapEff", "0000004000000000"}}}};
  EXPECT_TRUE(doubts_about(facts, kGoodBuild).empty());
}

TEST(DoubtsTest, a_dirty_tree_is_one) {
  BuildInfo build = kGoodBuild;
  build.commit = "1234abc-dirty";
  EXPECT_EQ(names(doubts_about(json::object(), build)), std::vector<std::string>{"dirty_tree"});
}

TEST(ClockChecksTest, warn_above_200_ppm_and_refuse_above_half_a_percent) {
  EXPECT_TRUE(doubts_about(ClockFacts{.calibration_error_ppm = 200}).empty());
  EXPECT_EQ(doubts_about(ClockFacts{.calibration_error_ppm = 201}).size(), 1U);
  EXPECT_TRUE(refusals(ClockFacts{.calibration_error_ppm = 5000}).empty());
  EXPECT_EQ(refusals(ClockFacts{.calibration_error_ppm = 5001}).at(0).check, "clock_calibration");
}

std::vector<std::string> refused(const json& facts, const BuildInfo& build,
                                 const std::vector<int>& cpus = {}) {
  std::vector<std::string> found;
  for (const Refusal& refusal : refusals(facts, build, cpus)) found.push_back(refusal.check);
  return found;
}

TEST(RefusalsTest, builds_that_measure_themselves_are_refused) {
  using Names = std::vector<std::string>;
  const auto build = [](const char* type, const char* flags) {
    return BuildInfo{.flags = flags, .build_type = type};
  };
  EXPECT_EQ(refused(json::object(), build("Release", "-O3 -DNDEBUG")), Names{});
  EXPECT_EQ(refused(json::object(), build("unknown", "unknown")), Names{});
  EXPECT_EQ(refused(json::object(), build("Debug", "-g")), Names{"debug_build"});
  EXPECT_EQ(refused(json::object(), build("", "-g")), Names{"debug_build"});
  EXPECT_EQ(refused(json::object(), build("Release", "-O2 -O0")), Names{"debug_build"});
  EXPECT_EQ(refused(json::object(), build("Release", "-O2 -fsanitize=thread")),
            Names{"sanitizer_build"});
}

TEST(RefusalsTest, cpus_must_be_online_and_in_the_cpuset) {
  const json facts = {{"cpus_online", "0-3"}, {"cpus_in_cpuset", "0-1"}};
  EXPECT_TRUE(refused(facts, kGoodBuild, {0, 1}).empty());
  EXPECT_EQ(refused(facts, kGoodBuild, {2}), std::vector<std::string>{"cpus_outside_cpuset"});
  EXPECT_EQ(refused(facts, kGoodBuild, {7}),
            (std::vector<std::string>{"cpus_offline", "cpus_outside_cpuset"}));
  EXPECT_TRUE(refused(json::object(), kGoodBuild, {7}).empty());
}

TEST(RefusalsTest, every_name_can_be_allowed) {
  const auto known = refusal_names();
  for (const char* name : {"debug_build", "sanitizer_build", "cpus_offline", "cpus_outside_cpuset",
                           "clock_calibration"}) {
    EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name;
  }
}

}  // namespace
}  // namespace ipcmark
