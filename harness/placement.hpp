#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/topology.hpp"
#include "harness/words.hpp"

namespace ipcmark {

// Where the two ends run, named by the nearest thing they share: every pair of CPUs has exactly one
// placement. `same_core` is one logical CPU for both ends; `cross_llc` is one NUMA node with no
// data cache in common, as far as the kernel reports caches at all.
enum class Placement {
  same_core,
  smt_sibling,
  same_l2,
  same_llc,
  cross_llc,
  cross_numa,
  cross_socket
};

template <>
struct Words<Placement> {
  static constexpr WordTable<Placement, 7> table{{{Placement::same_core, "same_core"},
                                                  {Placement::smt_sibling, "smt_sibling"},
                                                  {Placement::same_l2, "same_l2"},
                                                  {Placement::same_llc, "same_llc"},
                                                  {Placement::cross_llc, "cross_llc"},
                                                  {Placement::cross_numa, "cross_numa"},
                                                  {Placement::cross_socket, "cross_socket"}}};
};

// CPUs of the two ends (the kernel's numbers); the client's is the better ranked.
struct CpuPair {
  int client = 0;
  int server = 0;
  bool operator==(const CpuPair&) const = default;
};

// What a machine has of one placement. `reason` is empty if and only if there are pairs; else it
// says why there are none, as a record's `reason`.
struct PlacementOffer {
  Placement placement{};
  std::vector<CpuPair> pairs;
  std::string reason;
};

// The placement of two CPUs.
[[nodiscard]] Placement placement_of(const CpuPlace& a, const CpuPlace& b) noexcept;

// Up to `max_pairs` distinct pairs, best first, the same ones on every call: the best CPUs first
// (CpuView's order), and among equally good ones those that use CPUs, cores and caches not used
// yet, so that several pairs sample several places of the machine.
[[nodiscard]] PlacementOffer offer_placement(const CpuView& cpus, Placement placement,
                                             std::size_t max_pairs);

// offer_placement() for all seven, in the order of the words.
[[nodiscard]] std::vector<PlacementOffer> offer_placements(const CpuView& cpus,
                                                           std::size_t max_pairs);

// Up to `count` usable CPUs for third parties (bystanders, injectors, more producers): never one of
// the pair's, cores of their own before the siblings of the pair, best first. May be fewer.
[[nodiscard]] std::vector<int> third_party_cpus(const CpuView& cpus, const CpuPair& pair,
                                                std::size_t count);

// CPUs for the roles beyond the pair, clients first. One of its own each as far as there are any;
// then all usable CPUs in turn, the server's first. `same_core` keeps them all on its one CPU.
[[nodiscard]] std::vector<int> cpus_beyond(const CpuView& cpus, const CpuPair& pair,
                                           std::size_t more_clients, std::size_t more_servers);

}  // namespace ipcmark
