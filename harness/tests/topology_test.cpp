#include "harness/topology.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>
#include <system_error>

#include "harness/binding.hpp"

namespace ipcmark {
namespace {

using Cpus = std::vector<int>;

Cpus usable_of(const Topology& topology) {
  Cpus cpus;
  for (const CpuPlace& place : topology.cpus().usable) cpus.push_back(place.cpu);
  return cpus;
}

TEST(TopologyTest, an_invented_machine_has_the_objects_asked_for) {
  const Topology topology = Topology::synthetic("pack:2 numa:1 l3:2 l2:4 core:1 pu:2");
  EXPECT_EQ(topology.packages(), 2);
  EXPECT_EQ(topology.numa_nodes(), 2);
  EXPECT_EQ(topology.cores(), 16);
  EXPECT_EQ(topology.threads(), 32);
  EXPECT_EQ(topology.cpus().online.size(), 32U);
  EXPECT_NE(topology.summary().find("2 sockets, 2 NUMA nodes, 16 cores, 32 threads"),
            std::string::npos);
}

TEST(TopologyTest, an_invalid_description_is_an_error) {
  EXPECT_THROW((void)Topology::synthetic("pack:2 nonsense:"), std::system_error);
}

TEST(TopologyTest, this_machine_offers_only_cpus_that_can_be_bound) {
  const Topology topology = Topology::this_machine();
  ASSERT_FALSE(topology.cpus().usable.empty());
  EXPECT_LE(topology.cpus().usable.size(), topology.cpus().online.size());
  EXPECT_NE(topology.xml().find("<topology"), std::string::npos);
}

TEST(TopologyTest, a_chosen_affinity_is_respected) {
  const Cpus before = bound_cpus();
  bind_this_thread(before.back());
  const Topology topology = Topology::this_machine();
  bind_this_thread(before);
  EXPECT_EQ(usable_of(topology), Cpus{before.back()});
}

TEST(TopologyTest, isolated_cpus_come_first_and_cpu_0_last) {
  const Topology topology = Topology::synthetic("core:6 pu:1", Cpus{2, 5});
  EXPECT_EQ(usable_of(topology), (Cpus{2, 5, 1, 3, 4, 0}));
}

TEST(TopologyTest, performance_cores_come_before_efficiency_cores) {
  std::vector<CpuPlace> cpus = {{.cpu = 0, .efficiency = 1},
                                {.cpu = 1, .efficiency = 1},
                                {.cpu = 2, .efficiency = 0},
                                {.cpu = 3, .isolated = true, .efficiency = 0}};
  rank_cpus(cpus);
  Cpus order;
  for (const CpuPlace& place : cpus) order.push_back(place.cpu);
  EXPECT_EQ(order, (Cpus{3, 1, 2, 0}));
}

TEST(TopologyTest, forced_cpus_replace_the_choice_in_their_order) {
  Topology topology = Topology::synthetic("core:4 pu:1");
  topology.force(Cpus{0, 3, 0});
  EXPECT_EQ(usable_of(topology), (Cpus{0, 3}));
  EXPECT_THROW(topology.force(Cpus{1, 9}), std::invalid_argument);
  EXPECT_THROW(topology.force(Cpus{}), std::invalid_argument);
}

TEST(TopologyTest, a_restriction_keeps_the_order) {
  Topology topology = Topology::synthetic("core:4 pu:1");
  topology.restrict_to(Cpus{0, 2, 3});
  EXPECT_EQ(usable_of(topology), (Cpus{2, 3, 0}));
}

TEST(TopologyTest, isolation_is_read_from_below_the_root) {
  const auto root = std::filesystem::path(testing::TempDir()) / "ipcmark_topology_root";
  const auto folder = root / "sys/devices/system/cpu";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "isolated") << "0\n";
  const Topology topology = Topology::this_machine(root);
  std::filesystem::remove_all(root);
  for (const CpuPlace& place : topology.cpus().online) EXPECT_EQ(place.isolated, place.cpu == 0);
}

TEST(UsableCpusTest, the_default_affinity_of_isolcpus_gives_the_isolated_ones_too) {
  EXPECT_EQ(usable_cpus(Cpus{0, 1, 2, 3}, Cpus{0, 1}, Cpus{2, 3}), (Cpus{0, 1, 2, 3}));
}

TEST(UsableCpusTest, an_affinity_set_on_purpose_is_kept) {
  EXPECT_EQ(usable_cpus(Cpus{0, 1, 2, 3}, Cpus{0}, Cpus{2, 3}), (Cpus{0}));
  EXPECT_EQ(usable_cpus(Cpus{0, 1, 2, 3}, Cpus{2, 3}, Cpus{2, 3}), (Cpus{2, 3}));
  EXPECT_EQ(usable_cpus(Cpus{0, 1, 2, 3}, Cpus{1, 2}, Cpus{}), (Cpus{1, 2}));
}

TEST(UsableCpusTest, nothing_outside_the_cpuset_is_usable) {
  EXPECT_EQ(usable_cpus(Cpus{1, 2}, Cpus{0, 1, 2, 3}, Cpus{}), (Cpus{1, 2}));
}

}  // namespace
}  // namespace ipcmark
