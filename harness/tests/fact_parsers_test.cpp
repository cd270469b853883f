#include "harness/fact_parsers.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/tests/fake_root.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

TEST(KernelParameterTest, gives_the_value_the_kernel_takes) {
  constexpr const char* kLine = "root=/dev/sda isolcpus=2 nosmt isolcpus=4-7 -- nohz_full=9\n";
  EXPECT_EQ(kernel_parameter(kLine, "isolcpus"), "4-7");
  EXPECT_EQ(kernel_parameter(kLine, "nosmt"), "");
  EXPECT_TRUE(kernel_parameter(kLine, "isol").is_null());
  EXPECT_TRUE(kernel_parameter(kLine, "nohz_full").is_null()) << "behind -- is for init";
}

TEST(CpuIdentityTest, x86_is_family_model_and_stepping_and_never_mhz) {
  const json identity = cpu_identity(
      "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
      "model name\t: Intel(R) Xeon(R)\nstepping\t: 8\nmicrocode\t: 0x2b\ncpu MHz\t\t: 2100.123\n"
      "\nprocessor\t: 1\nvendor_id\t: Other\n");
  EXPECT_EQ(identity, json({{"vendor", "GenuineIntel"},
                            {"family", "6"},
                            {"model", "143"},
                            {"model_name", "Intel(R) Xeon(R)"},
                            {"stepping", "8"}}));
}

TEST(CpuIdentityTest, arm64_is_implementer_and_part) {
  const json identity = cpu_identity(
      "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
      "CPU variant\t: 0x1\nCPU part\t: 0xd40\nCPU revision\t: 1\n");
  EXPECT_EQ(
      identity,
      json({{"implementer", "0x41"}, {"variant", "0x1"}, {"part", "0xd40"}, {"revision", "1"}}));
}

TEST(HypervisorTest, is_named_by_what_gives_it_away) {
  constexpr const char* kGuest = "flags\t\t: fpu hypervisor sse\n";
  constexpr const char* kHost = "flags\t\t: fpu sse\n";
  constexpr const char* kArm = "Features\t: fp asimd\n";
  EXPECT_EQ(hypervisor(kGuest, "", "tsc kvm-clock"), "kvm");
  EXPECT_EQ(hypervisor(kGuest, "VMware, Inc. VMware7,1", "tsc"), "vmware");
  EXPECT_EQ(hypervisor(kGuest, "", "tsc hyperv_clocksource_tsc_page"), "hyperv");
  EXPECT_EQ(hypervisor(kGuest, "", "tsc"), "unknown");
  EXPECT_EQ(hypervisor(kHost, "Amazon EC2 m5.metal", "tsc"), "none");
  EXPECT_EQ(hypervisor(kArm, "QEMU QEMU Virtual Machine", "arch_sys_counter"), "kvm");
  EXPECT_EQ(hypervisor(kArm, "", "arch_sys_counter"), "none");
  EXPECT_EQ(hypervisor(kArm, "Amazon EC2 m7g.large", "arch_sys_counter"), "kvm");
  EXPECT_EQ(hypervisor(kArm, "Amazon EC2 m7g.metal", "arch_sys_counter"), "none");
}

TEST(CgroupTest, version_2_takes_the_nearest_limit_on_the_way_up) {
  const FakeRoot root;
  root.put("proc/self/cgroup", "0::/ci/job\n");
  root.put("sys/fs/cgroup/ci/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root.path()), "max");
  root.put("sys/fs/cgroup/ci/cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root.path()), "50000 100000");
}

TEST(CgroupTest, version_1_speaks_the_same_notation) {
  const FakeRoot root;
  root.put("proc/self/cgroup", "4:cpuset:/a\n3:cpu,cpuacct:/a\n2:cpuacct:/\n0::/\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  root.put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root.path()), "max");
  root.put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "25000\n");
  EXPECT_EQ(cgroup_cpu_limit(root.path()), "25000 100000");
}

TEST(CgroupTest, a_group_named_from_outside_a_container_falls_back_to_its_root) {
  const FakeRoot root;
  root.put("proc/self/cgroup", "0::/docker/0123abcd\n");
  root.put("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root.path()), "200000 100000");
}

TEST(CgroupTest, no_hierarchy_is_null) {
  const FakeRoot root;
  EXPECT_TRUE(cgroup_cpu_limit(root.path()).is_null());
  EXPECT_TRUE(cgroup_cpuset(root.path()).is_null());
  root.put("proc/self/cgroup", "0::/\n");
  EXPECT_TRUE(cgroup_cpu_limit(root.path()).is_null());
}

TEST(CgroupTest, the_cpuset_is_the_nearest_one) {
  const FakeRoot root;
  root.put("proc/self/cgroup", "3:cpuset:/a\n0::/b\n");
  root.put("sys/fs/cgroup/cpuset/cpuset.effective_cpus", "0-7\n");
  EXPECT_EQ(cgroup_cpuset(root.path()), "0-7");
  root.put("sys/fs/cgroup/cpuset/a/cpuset.effective_cpus", "2-3\n");
  EXPECT_EQ(cgroup_cpuset(root.path()), "2-3");
}

TEST(DmaLatencyTest, tells_the_bound_in_force) {
  const FakeRoot root;
  EXPECT_TRUE(dma_latency_access(root.path()).is_null());
  root.put("dev/cpu_dma_latency", std::string("\x02\0\0\0", 4));
  EXPECT_EQ(dma_latency_access(root.path()), json({{"writable", true}, {"us", 2}}));
}

}  // namespace
}  // namespace ipcmark
