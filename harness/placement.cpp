#include "harness/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "harness/cpu_list.hpp"

namespace ipcmark {
namespace {

bool shared(int a, int b) noexcept { return a == b && a != CpuPlace::kNowhere; }

// All unordered pairs of one placement, in the order of the list.
std::vector<std::pair<const CpuPlace*, const CpuPlace*>> pairs_of(const std::vector<CpuPlace>& cpus,
                                                                  Placement placement) {
  std::vector<std::pair<const CpuPlace*, const CpuPlace*>> found;
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    for (std::size_t j = i; j < cpus.size(); ++j) {
      if (placement_of(cpus[i], cpus[j]) == placement) found.emplace_back(&cpus[i], &cpus[j]);
    }
  }
  return found;
}

// What is worse about a pair whoever else was chosen: the same order as rank_cpus(), summed.
auto flaws(const CpuPlace& a, const CpuPlace& b) {
  return std::tuple((a.cpu == 0) + (b.cpu == 0), !a.isolated + !b.isolated,
                    -a.efficiency - b.efficiency);
}

// How often a CPU, core or cache is used by the pairs chosen so far.
class Uses {
 public:
  void add(const CpuPlace& place) {
    ++cpus_[place.cpu];
    ++cores_[place.core];
    ++caches_[place.llc];
  }
  [[nodiscard]] std::tuple<int, int, int> of(const CpuPlace& a, const CpuPlace& b) const {
    return {sum(cpus_, a.cpu, b.cpu), sum(cores_, a.core, b.core), sum(caches_, a.llc, b.llc)};
  }

 private:
  using Counts = std::map<int, int>;
  static int at(const Counts& counts, int id) {
    const auto found = counts.find(id);
    return found == counts.end() ? 0 : found->second;
  }
  static int sum(const Counts& counts, int a, int b) { return at(counts, a) + at(counts, b); }

  Counts cpus_, cores_, caches_;
};

// Why a whole machine has no such pair.
std::string_view lack(Placement placement) {
  switch (placement) {
    case Placement::same_core:
      return "no usable CPU";
    case Placement::smt_sibling:
      return "one CPU per core: no smt sibling";
    case Placement::same_l2:
      return "no two cores share an L2 cache";
    case Placement::same_llc:
      return "no two cores share a last-level cache and not an L2";
    case Placement::cross_llc:
      return "one last-level cache per NUMA node";
    case Placement::cross_numa:
      return "one NUMA node per socket";
    case Placement::cross_socket:
      return "one socket";
  }
  return "unknown placement";
}

std::string reason_for_none(const CpuView& view, Placement placement) {
  if (!pairs_of(view.online, placement).empty()) {
    std::vector<int> usable;
    for (const CpuPlace& place : view.usable) usable.push_back(place.cpu);
    return fmt::format("no {} pair among the usable CPUs ({}): affinity or --cpus", word(placement),
                       format_cpu_list(usable));
  }
  if (view.online.size() == 1) return "one CPU";
  return std::string(lack(placement));
}

}  // namespace

Placement placement_of(const CpuPlace& a, const CpuPlace& b) noexcept {
  if (a.cpu == b.cpu) return Placement::same_core;
  if (shared(a.core, b.core)) return Placement::smt_sibling;
  if (a.package != b.package) return Placement::cross_socket;
  if (a.numa != b.numa) return Placement::cross_numa;
  if (shared(a.l2, b.l2)) return Placement::same_l2;
  if (shared(a.llc, b.llc)) return Placement::same_llc;
  return Placement::cross_llc;
}

PlacementOffer offer_placement(const CpuView& cpus, Placement placement, std::size_t max_pairs) {
  PlacementOffer offer{.placement = placement, .pairs = {}, .reason = {}};
  auto left = pairs_of(cpus.usable, placement);
  if (left.empty()) offer.reason = reason_for_none(cpus, placement);
  Uses uses;
  while (!left.empty() && offer.pairs.size() < max_pairs) {
    // min_element takes the first of equals, which is the best ranked.
    const auto best = std::min_element(left.begin(), left.end(), [&](const auto& a, const auto& b) {
      return std::tuple(flaws(*a.first, *a.second), uses.of(*a.first, *a.second)) <
             std::tuple(flaws(*b.first, *b.second), uses.of(*b.first, *b.second));
    });
    offer.pairs.push_back({.client = best->first->cpu, .server = best->second->cpu});
    uses.add(*best->first);
    uses.add(*best->second);
    left.erase(best);
  }
  return offer;
}

std::vector<PlacementOffer> offer_placements(const CpuView& cpus, std::size_t max_pairs) {
  std::vector<PlacementOffer> offers;
  for (const auto& [placement, name] : Words<Placement>::table) {
    offers.push_back(offer_placement(cpus, placement, max_pairs));
  }
  return offers;
}

std::vector<int> third_party_cpus(const CpuView& cpus, const CpuPair& pair, std::size_t count) {
  const auto in_pair = [&](int cpu) { return cpu == pair.client || cpu == pair.server; };
  std::vector<int> busy_cores;
  for (const CpuPlace& place : cpus.usable) {
    if (in_pair(place.cpu)) busy_cores.push_back(place.core);
  }
  std::vector<int> apart, siblings;
  for (const CpuPlace& place : cpus.usable) {
    if (in_pair(place.cpu)) continue;
    const auto busy = std::find(busy_cores.begin(), busy_cores.end(), place.core);
    (busy == busy_cores.end() ? apart : siblings).push_back(place.cpu);
  }
  apart.insert(apart.end(), siblings.begin(), siblings.end());
  apart.resize(std::min(apart.size(), count));
  return apart;
}

std::vector<int> cpus_beyond(const CpuView& cpus, const CpuPair& pair, std::size_t more_clients,
                             std::size_t more_servers) {
  const std::size_t count = more_clients + more_servers;
  if (pair.client == pair.server) return std::vector<int>(count, pair.client);
  std::vector<int> all = third_party_cpus(cpus, pair, count);
  std::vector<int> turn{pair.server, pair.client};
  turn.insert(turn.end(), all.begin(), all.end());
  for (std::size_t i = 0; all.size() < count; ++i) all.push_back(turn[i % turn.size()]);
  return all;
}

}  // namespace ipcmark
