#include "harness/facts.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/knobs.hpp"
#include "harness/tests/fake_root.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

TEST(FactsTest, an_empty_machine_has_every_name_and_says_null) {
  const FakeRoot root;
  const json facts = collect_facts(root.path());
  for (const Knob& knob : kKnobs) EXPECT_TRUE(facts.at(std::string(knob.name)).is_null());
  for (const Knob& knob : kCpuKnobs) EXPECT_TRUE(facts.at(std::string(knob.name)).is_null());
  for (const char* name :
       {"kernel_parameters", "microcode", "hostname_hash", "idle_states", "cgroup_cpu_max",
        "container", "emulator", "irqbalance_pid", "steal_ppm_since_boot", "cpu_dma_latency"}) {
    EXPECT_TRUE(facts.at(name).is_null()) << name;
  }
}

TEST(FactsTest, knobs_are_raw_text_without_the_line_end) {
  const FakeRoot root;
  root.put("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  root.put("proc/sys/fs/mqueue/msg_max", "10\n");
  root.put("proc/cmdline", "ip=10.0.0.7 isolcpus=2-3 nohz_full=2-3 nosmt\n");
  const json facts = collect_facts(root.path());
  EXPECT_EQ(facts["thp_enabled"], "always [madvise] never");
  EXPECT_EQ(facts["fs.mqueue.msg_max"], "10");
  EXPECT_EQ(facts["kernel_parameters"],
            json({{"isolcpus", "2-3"}, {"nohz_full", "2-3"}, {"nosmt", ""}}))
      << "what has no effect on speed may be an address or a secret";
}

TEST(FactsTest, knobs_of_cpus_are_counted_by_value) {
  const FakeRoot root;
  for (const char* cpu : {"cpu0", "cpu1", "cpu10"}) {
    root.put(std::string("sys/devices/system/cpu/") + cpu + "/cpufreq/scaling_governor",
             cpu == std::string("cpu1") ? "performance\n" : "powersave\n");
  }
  root.put("sys/devices/system/cpu/cpufreq/scaling_governor", "not a cpu\n");
  EXPECT_EQ(collect_facts(root.path())["governor"], json({{"performance", 1}, {"powersave", 2}}));
}

TEST(FactsTest, lists_idle_states_huge_pages_and_vulnerabilities) {
  const FakeRoot root;
  root.put("sys/devices/system/cpu/cpu0/cpuidle/state1/name", "C6\n");
  root.put("sys/devices/system/cpu/cpu0/cpuidle/state1/latency", "133\n");
  root.put("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
  root.put("sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
  const json facts = collect_facts(root.path());
  EXPECT_EQ(facts["idle_states"][0]["name"], "C6");
  EXPECT_EQ(facts["idle_states"][0]["latency_us"], "133");
  EXPECT_TRUE(facts["idle_states"][0]["disabled"].is_null());
  EXPECT_EQ(facts["huge_pages"]["2048kB"]["total"], "4");
  EXPECT_EQ(facts["vulnerabilities"]["meltdown"], "Mitigation: PTI");
}

TEST(FactsTest, reads_limits_memory_steal_and_irqbalance) {
  const FakeRoot root;
  root.put("proc/self/limits",
           "Limit                     Soft Limit           Hard Limit           Units     \n"
           "Max locked memory         8388608              unlimited            bytes     \n"
           "Max nice priority         0                    0                    \n");
  root.put("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\nSwapTotal: 0 kB\n");
  root.put("proc/stat", "cpu  50 0 0 40 0 0 0 10 0 0\n");
  root.put("proc/812/comm", "irqbalance\n");
  const json facts = collect_facts(root.path());
  EXPECT_EQ(facts["limits"]["Max locked memory"], "8388608 unlimited");
  EXPECT_EQ(facts["limits"]["Max nice priority"], "0 0");
  EXPECT_EQ(facts["memory"], json({{"MemTotal", "16384 kB"}, {"SwapTotal", "0 kB"}}));
  EXPECT_DOUBLE_EQ(facts["steal_ppm_since_boot"], 100'000.0);
  EXPECT_EQ(facts["irqbalance_pid"], 812);
}

TEST(FactsTest, the_hostname_is_hashed_with_the_machine_id) {
  const FakeRoot root;
  root.put("proc/sys/kernel/hostname", "runner-7\n");
  root.put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  const json first = collect_facts(root.path());
  EXPECT_EQ(first["hostname_hash"].get<std::string>().size(), 16U);
  EXPECT_EQ(first["hostname_hash"], collect_facts(root.path())["hostname_hash"]);
  EXPECT_EQ(first.dump().find("runner-7"), std::string::npos);
  EXPECT_EQ(first.dump().find("0123456789abcdef"), std::string::npos);
  root.put("etc/machine-id", "1123456789abcdef0123456789abcdef\n");
  EXPECT_NE(first["hostname_hash"], collect_facts(root.path())["hostname_hash"]);
}

TEST(FactsTest, text_that_is_no_utf_8_can_still_be_written) {
  const FakeRoot root;
  root.put("sys/class/dmi/id/product_name", "Board \xff\n");
  EXPECT_NO_THROW((void)collect_facts(root.path()).dump());
}

TEST(FactsTest, this_machine_can_be_described) {
  const json facts = collect_facts();
  EXPECT_TRUE(facts["kernel_release"].is_string());
  EXPECT_FALSE(facts["memory"].empty());
  EXPECT_FALSE(facts["limits"].empty());
}

}  // namespace
}  // namespace ipcmark
