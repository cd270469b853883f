#include "harness/placement.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace ipcmark {
namespace {

using Cpus = std::vector<int>;

// Two sockets of two NUMA nodes, two last-level caches each, two L2 of two cores of two threads.
constexpr const char* kEverything = "pack:2 group:2 numa:1 l3:2 l2:2 core:2 pu:2";

PlacementOffer offer_on(const char* machine, Placement placement, std::size_t pairs = 3) {
  return offer_placement(Topology::synthetic(machine).cpus(), placement, pairs);
}

const CpuPlace& place(const CpuView& view, int cpu) {
  for (const CpuPlace& candidate : view.online) {
    if (candidate.cpu == cpu) return candidate;
  }
  throw std::out_of_range("no such cpu");
}

TEST(PlacementTest, words_and_back) {
  for (const auto& [placement, name] : Words<Placement>::table) {
    EXPECT_EQ(from_word<Placement>(word(placement)), placement);
  }
  EXPECT_FALSE(from_word<Placement>("same_socket").has_value());
}

TEST(PlacementTest, a_machine_with_everything_offers_every_placement) {
  const Topology topology = Topology::synthetic(kEverything);
  for (const PlacementOffer& offer : offer_placements(topology.cpus(), 3)) {
    EXPECT_EQ(offer.reason, "") << word(offer.placement);
    ASSERT_EQ(offer.pairs.size(), 3U) << word(offer.placement);
    std::set<int> used;
    for (const CpuPair& pair : offer.pairs) {
      EXPECT_EQ(
          placement_of(place(topology.cpus(), pair.client), place(topology.cpus(), pair.server)),
          offer.placement);
      used.insert({pair.client, pair.server});
    }
    const bool one_cpu = offer.placement == Placement::same_core;
    EXPECT_EQ(used.size(), one_cpu ? 3U : 6U) << "pairs share CPUs though there are others";
    EXPECT_EQ(used.count(0), 0U) << "CPU 0 is for the kernel";
  }
}

TEST(PlacementTest, every_pair_of_cpus_has_exactly_one_placement) {
  const Topology topology = Topology::synthetic(kEverything);
  const std::size_t cpus = topology.cpus().usable.size();
  std::size_t pairs = 0;
  for (const auto& offer : offer_placements(topology.cpus(), cpus * cpus)) {
    pairs += offer.pairs.size();
  }
  EXPECT_EQ(pairs, cpus * (cpus + 1) / 2);
}

TEST(PlacementTest, the_choice_is_the_same_every_time) {
  const Topology topology = Topology::synthetic(kEverything);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(offer_placement(topology.cpus(), Placement::same_llc, 5).pairs,
              offer_on(kEverything, Placement::same_llc, 5).pairs);
  }
}

TEST(PlacementTest, several_pairs_sample_several_caches) {
  const Topology topology = Topology::synthetic("l3:3 l2:4 core:1 pu:1");
  std::set<int> caches;
  for (const auto& pair : offer_placement(topology.cpus(), Placement::same_llc, 3).pairs) {
    caches.insert(place(topology.cpus(), pair.client).llc);
  }
  EXPECT_EQ(caches.size(), 3U);
}

TEST(PlacementTest, two_threads_of_a_core_are_siblings_and_one_is_not) {
  EXPECT_EQ(offer_on("core:2 pu:2", Placement::smt_sibling).pairs,
            (std::vector<CpuPair>{{2, 3}, {1, 0}}));
  EXPECT_EQ(offer_on("core:4 pu:1", Placement::smt_sibling).reason,
            "one CPU per core: no smt sibling");
}

TEST(PlacementTest, a_small_guest_has_two_cores_below_one_cache) {
  constexpr const char* kGuest = "pack:1 numa:1 l3:1 l2:2 core:1 pu:1";
  EXPECT_EQ(offer_on(kGuest, Placement::same_core).pairs, (std::vector<CpuPair>{{1, 1}, {0, 0}}));
  EXPECT_EQ(offer_on(kGuest, Placement::same_llc).pairs, (std::vector<CpuPair>{{1, 0}}));
  EXPECT_EQ(offer_on(kGuest, Placement::same_l2).reason, "no two cores share an L2 cache");
  EXPECT_EQ(offer_on(kGuest, Placement::cross_llc).reason, "one last-level cache per NUMA node");
  EXPECT_EQ(offer_on(kGuest, Placement::cross_numa).reason, "one NUMA node per socket");
  EXPECT_EQ(offer_on(kGuest, Placement::cross_socket).reason, "one socket");
}

TEST(PlacementTest, one_cpu_offers_one_core_only) {
  const Topology topology = Topology::synthetic("core:1 pu:1");
  for (const auto& offer : offer_placements(topology.cpus(), 3)) {
    const bool same_core = offer.placement == Placement::same_core;
    EXPECT_EQ(offer.pairs.size(), same_core ? 1U : 0U);
    EXPECT_EQ(offer.reason, same_core ? "" : "one CPU");
  }
}

TEST(PlacementTest, an_l2_that_is_the_last_cache_is_same_l2) {
  EXPECT_EQ(offer_on("l2:2 core:2 pu:1", Placement::same_l2).pairs.size(), 2U);
  EXPECT_FALSE(offer_on("l2:2 core:2 pu:1", Placement::same_llc).reason.empty());
  EXPECT_EQ(offer_on("l2:2 core:2 pu:1", Placement::cross_llc).pairs.size(), 3U);
}

TEST(PlacementTest, without_reported_caches_nothing_is_claimed_to_be_shared) {
  EXPECT_EQ(offer_on("core:2 pu:1", Placement::cross_llc).pairs, (std::vector<CpuPair>{{1, 0}}));
  EXPECT_TRUE(offer_on("core:2 pu:1", Placement::same_llc).pairs.empty());
}

TEST(PlacementTest, a_restriction_is_respected_and_named) {
  Topology topology = Topology::synthetic("l3:1 core:4 pu:2");
  topology.restrict_to(Cpus{2, 4, 6});
  for (const auto& offer : offer_placements(topology.cpus(), 99)) {
    for (const auto& pair : offer.pairs) {
      EXPECT_EQ(pair.client % 2 + pair.server % 2, 0);
      EXPECT_NE(pair.client * pair.server, 0);
    }
  }
  EXPECT_EQ(offer_placement(topology.cpus(), Placement::smt_sibling, 1).reason,
            "no smt_sibling pair among the usable CPUs (2,4,6): affinity or --cpus");
}

TEST(PlacementTest, forced_cpus_are_taken_in_their_order) {
  Topology topology = Topology::synthetic("l3:1 core:8 pu:1");
  topology.force(Cpus{6, 3});
  EXPECT_EQ(offer_placement(topology.cpus(), Placement::same_llc, 3).pairs,
            (std::vector<CpuPair>{{6, 3}}));
}

TEST(PlacementTest, isolated_pairs_come_first) {
  const Topology topology = Topology::synthetic("l3:1 core:8 pu:1", Cpus{4, 7});
  EXPECT_EQ(offer_placement(topology.cpus(), Placement::same_llc, 1).pairs,
            (std::vector<CpuPair>{{4, 7}}));
}

TEST(PlacementTest, third_parties_avoid_the_pair_and_its_siblings) {
  const Topology topology = Topology::synthetic("l3:1 core:4 pu:2");
  const CpuPair pair{.client = 2, .server = 4};
  EXPECT_EQ(third_party_cpus(topology.cpus(), pair, 2), (Cpus{1, 6}));
  EXPECT_EQ(third_party_cpus(topology.cpus(), pair, 99), (Cpus{1, 6, 7, 0, 3, 5}));
  EXPECT_TRUE(third_party_cpus(Topology::synthetic("core:2 pu:1").cpus(), {1, 0}, 1).empty());
}

TEST(PlacementTest, roles_beyond_the_pair_get_cpus_of_their_own_and_then_share_all_in_turn) {
  const Topology four = Topology::synthetic("l3:1 core:4 pu:1");
  const CpuPair pair{.client = 2, .server = 3};
  EXPECT_EQ(cpus_beyond(four.cpus(), pair, 0, 0), Cpus{});
  EXPECT_EQ(cpus_beyond(four.cpus(), pair, 1, 1), (Cpus{1, 0}));
  EXPECT_EQ(cpus_beyond(four.cpus(), pair, 3, 2), (Cpus{1, 0, 3, 2, 1}));
  EXPECT_EQ(cpus_beyond(four.cpus(), {.client = 1, .server = 1}, 1, 1), (Cpus{1, 1}));
}

}  // namespace
}  // namespace ipcmark
