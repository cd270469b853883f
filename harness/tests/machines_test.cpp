// Rows that this machine does not have: bare metal of three makers, a container, a guest.
#include "harness/tests/machines.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/checks.hpp"
#include "harness/elf_bytes.hpp"
#include "harness/environment.hpp"
#include "harness/facts.hpp"
#include "harness/tuning.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

const BuildInfo kReleaseBuild{.flags = "-O2", .build_type = "Release", .commit = "abc"};

class Machine {
 public:
  explicit Machine(const std::string& name) {
    put_machine(root_, name);
    facts_ = collect_facts(root_.path());
  }
  [[nodiscard]] const json& facts() const { return facts_; }
  // "check: message | remedy", in the order in which they are said.
  [[nodiscard]] Texts doubts() const {
    Texts lines;
    for (const Doubt& doubt : doubts_about(facts_, kReleaseBuild)) {
      lines.push_back(doubt.check + ": " + doubt.message + " | " + doubt.remedy);
    }
    return lines;
  }
  [[nodiscard]] Texts refused(const std::vector<int>& cpus) const {
    Texts names;
    for (const Refusal& refusal : refusals(facts_, kReleaseBuild, cpus))
      names.push_back(refusal.check);
    return names;
  }
  [[nodiscard]] Texts tuning() const { return tuning_lines(to_json(plan_tuning(root_.path()))); }

 private:
  FakeRoot root_;
  json facts_;
};

// Each doubt in its place, with its number and a part of the command that removes it.
struct Expected {
  const char* message;
  const char* remedy;
};

void expect_doubts(const Machine& machine, const std::vector<Expected>& expected) {
  const Texts said = machine.doubts();
  ASSERT_EQ(said.size(), expected.size()) << json(said).dump(1);
  for (std::size_t i = 0; i < said.size(); ++i) {
    const auto bar = said[i].find(" | ");
    EXPECT_TRUE(said[i].starts_with(expected[i].message)) << said[i];
    EXPECT_NE(said[i].find(expected[i].remedy, bar), std::string::npos) << said[i];
  }
}

TEST(machines, intel_as_a_distribution_leaves_it) {
  const Machine machine("intel");
  expect_doubts(machine,
                {{"not_isolated: none of the 8 CPUs", "isolcpus=domain,managed_irq,2-3,6-7"},
                 {"irqbalance: irqbalance runs (pid 873)", "systemctl stop irqbalance"},
                 {"deep_c_states: idle state C6 takes 170 us", "--idle c1"},
                 {"governor: governor is powersave on 8 CPUs", "--tune"},
                 {"turbo: turbo is on (no_turbo is 0)", "--tune"},
                 {"swap_in_use: 66560 KiB", "swapoff -a"},
                 {"perf_paranoid: kernel.perf_event_paranoid is 3", "paranoid=1"},
                 {"thp: transparent huge pages are 'always'", "--tune"},
                 {"numa_balancing: kernel.numa_balancing is 1", "--tune"},
                 {"nmi_watchdog: kernel.nmi_watchdog is 1", "--tune"}});
  EXPECT_EQ(machine.facts()["cores"], json({"0,4", "1,5", "2,6", "3,7"}));
  EXPECT_EQ(machine.facts()["hypervisor"], "none");
  EXPECT_EQ(machine.tuning(),
            (Texts{"governor powersave -> performance (8 CPUs)", "intel_pstate_no_turbo 0 -> 1",
                   "kernel.numa_balancing 1 -> 0", "kernel.nmi_watchdog 1 -> 0",
                   "thp_enabled always -> madvise", "thp_khugepaged_defrag 1 -> 0",
                   "cpufreq_boost left: /sys/devices/system/cpu/cpufreq/boost: No such file or "
                   "directory",
                   "thp_defrag left: is madvise already"}));
}

TEST(machines, amd_isolated_and_boosting) {
  const Machine machine("amd");
  expect_doubts(machine, {{"governor: governor is schedutil on 4 CPUs", "scaling_governor"},
                          {"turbo: boost is on (cpufreq/boost is 1)", "cpufreq/boost"},
                          {"nmi_watchdog: ", "nmi_watchdog=0"},
                          {"clocksource: clocksource is hpet", "tsc=reliable"}});
  EXPECT_EQ(machine.refused({4}), Texts{"cpus_offline"});
  EXPECT_TRUE(machine.refused({2, 3}).empty());
}

TEST(machines, arm_with_one_cpu_isolated_and_one_forgotten) {
  const Machine machine("arm");
  expect_doubts(machine, {{"not_isolated: 1 of the 4 CPUs (3) is isolated", "isolcpus="},
                          {"deep_c_states: idle state LPI-1 takes 500 us", "--idle c1"},
                          {"governor: governor is ondemand on 1 CPUs", "--tune"},
                          {"thp: ", "--tune"},
                          {"numa_balancing: ", "--tune"}});
  EXPECT_EQ(machine.facts()["invariant_counter"], true);
  EXPECT_EQ(machine.facts()["cpu"]["part"], "0xd0c");
  EXPECT_EQ(machine.tuning().front(), "governor ondemand -> performance");
}

TEST(machines, a_container_is_told_what_its_host_could_do) {
  const Machine machine("container");
  expect_doubts(machine,
                {{"not_isolated: ", "on the host: add isolcpus=domain,managed_irq,4-7"},
                 {"container: a container (docker)", "--cpuset-cpus"},
                 {"perf_paranoid: ", "on the host: sysctl"},
                 {"cgroup_quota: the cgroup stops us after 200000 us of CPU time in each 100000 us",
                  "start the container without a limit"},
                 {"thp: ", "on the host: "}});
  EXPECT_EQ(machine.refused({3, 4}), Texts{"cpus_outside_cpuset"});
}

TEST(machines, a_guest_has_no_knobs_of_frequency) {
  const Machine machine("vm");
  expect_doubts(machine, {{"not_isolated: none of the 2 CPUs", "isolcpus=domain,managed_irq,1 "},
                          {"virtual_machine: a virtual machine (kvm)", "bare metal"},
                          {"steal: the host took ", "of its own"},
                          {"perf_paranoid: kernel.perf_event_paranoid is 2", "sysctl"}});
  EXPECT_EQ(machine.tuning().front(), "thp_khugepaged_defrag 1 -> 0");
}

// As the kernel shows a process whose program is `name`, built for `architecture`.
json facts_where_executed(const std::string& name, unsigned architecture) {
  const FakeRoot root;
  put_machine(root, "vm");
  ElfW(Ehdr) header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_machine = static_cast<ElfW(Half)>(architecture);
  root.put("usr/bin/" + name, {reinterpret_cast<const char*>(&header), sizeof header});
  std::filesystem::create_directories(root.path() / "proc/thread-self");
  std::filesystem::create_symlink(root.path() / "usr/bin" / name,
                                  root.path() / "proc/thread-self/exe");
  return collect_facts(root.path());
}

TEST(machines, an_emulator_is_the_program_of_another_architecture_that_the_kernel_runs) {
  const json emulated = facts_where_executed("qemu-static", EM_PPC64);
  EXPECT_EQ(emulated["emulator"], "qemu-static (ELF machine 21)");
  const json native = facts_where_executed("ipcmark", own_machine());
  EXPECT_TRUE(native["emulator"].is_null());
  EXPECT_TRUE(Machine("vm").facts()["emulator"].is_null()) << "nobody knows what is executed";

  const auto count = doubts_about(native, kReleaseBuild).size();
  const auto doubts = doubts_about(emulated, kReleaseBuild);
  ASSERT_EQ(doubts.size(), count + 1);
  const auto doubt = std::ranges::find(doubts, "emulated", &Doubt::check);
  ASSERT_NE(doubt, doubts.end());
  EXPECT_TRUE(doubt->message.starts_with("qemu-static (ELF machine 21)")) << doubt->message;

  const Topology topology = Topology::synthetic("pack:1 l3:1 core:2 pu:1");
  const auto differ = differences(describe_environment(native, topology, kReleaseBuild),
                                  describe_environment(emulated, topology, kReleaseBuild));
  ASSERT_EQ(differ.size(), 1u);
  EXPECT_EQ(differ[0].part + " " + differ[0].field, "epoch emulator");
}

TEST(machines, compare_with_themselves_and_say_what_another_has_changed) {
  const Machine intel("intel"), amd("amd");
  const Topology topology = Topology::synthetic("pack:1 l3:1 core:4 pu:1");
  const json here = describe_environment(intel.facts(), topology, kReleaseBuild);
  EXPECT_TRUE(differences(here, here).empty());
  json tuned = intel.facts();
  tuned["governor"] = {{"performance", 8}};
  const auto later = differences(here, describe_environment(tuned, topology, kReleaseBuild));
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later[0].part + " " + later[0].field, "epoch governor");
  EXPECT_EQ(later[0].here, json({{"powersave", 8}}));
  EXPECT_EQ(later[0].there, json({{"performance", 8}}));
  const auto other = differences(here, describe_environment(amd.facts(), topology, kReleaseBuild));
  EXPECT_EQ(other.front().part, "machine");
  EXPECT_EQ(differences(here, json::object()).size(), differences(json::object(), here).size());
  EXPECT_EQ(differences(here, {{"machine", 1}, {"epoch", "x"}}).size(),
            differences(here, json::object()).size());
}

}  // namespace
}  // namespace ipcmark
