#include "harness/topology.hpp"

#include <fmt/format.h>
#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <system_error>
#include <tuple>

#include "harness/binding.hpp"
#include "harness/cpu_list.hpp"

namespace ipcmark {
namespace {

void check_hwloc(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), call);
}

hwloc_topology_t created() {
  hwloc_topology_t topology = nullptr;
  check_hwloc(hwloc_topology_init(&topology), "hwloc_topology_init");
  return topology;
}

bool contains(std::span<const int> cpus, int cpu) {
  return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
}

// gp_index is unique in a topology, so it can stand for any object of any type.
int id_of(hwloc_obj_t object) { return static_cast<int>(object->gp_index); }

int efficiency_of(hwloc_topology_t topology, hwloc_obj_t pu) {
  const int kind = hwloc_cpukinds_get_by_cpuset(topology, pu->cpuset, 0);
  if (kind < 0) return 0;
  int efficiency = 0;
  const auto index = static_cast<unsigned>(kind);
  if (hwloc_cpukinds_get_info(topology, index, nullptr, &efficiency, nullptr, nullptr, 0) != 0) {
    return 0;
  }
  return std::max(efficiency, 0);
}

CpuPlace place_of(hwloc_topology_t topology, hwloc_obj_t pu, std::span<const int> isolated) {
  CpuPlace place{.cpu = static_cast<int>(pu->os_index),
                 .core = id_of(pu),  // where the kernel reports no cores, each CPU is one
                 .numa = hwloc_bitmap_first(pu->nodeset),
                 .isolated = contains(isolated, static_cast<int>(pu->os_index)),
                 .efficiency = efficiency_of(topology, pu)};
  for (hwloc_obj_t object = pu->parent; object != nullptr; object = object->parent) {
    if (object->type == HWLOC_OBJ_CORE) place.core = id_of(object);
    if (object->type == HWLOC_OBJ_PACKAGE) place.package = id_of(object);
    if (!hwloc_obj_type_is_dcache(object->type)) continue;
    place.llc = id_of(object);
    if (object->attr->cache.depth == 2) place.l2 = id_of(object);
  }
  return place;
}

std::vector<CpuPlace> places_of(hwloc_topology_t topology, std::span<const int> isolated) {
  std::vector<CpuPlace> places;
  hwloc_obj_t pu = nullptr;
  while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr) {
    places.push_back(place_of(topology, pu, isolated));
  }
  std::sort(places.begin(), places.end(),
            [](const CpuPlace& a, const CpuPlace& b) { return a.cpu < b.cpu; });
  return places;
}

std::vector<int> isolated_cpus(const std::filesystem::path& root) {
  std::ifstream file(root / "sys/devices/system/cpu/isolated");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return parse_cpu_list(text);
}

std::vector<int> numbers_of(const std::vector<CpuPlace>& places) {
  std::vector<int> cpus;
  for (const CpuPlace& place : places) cpus.push_back(place.cpu);
  return cpus;
}

int count_of(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return std::max(0, hwloc_get_nbobjs_by_type(topology, type));
}

std::string counted(int number, const char* thing) {
  return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

std::string cache_size(std::uint64_t bytes) {
  const std::uint64_t kib = bytes / 1024;
  return kib % 1024 == 0 ? fmt::format("{} MiB", kib / 1024) : fmt::format("{} KiB", kib);
}

}  // namespace

Topology::Topology(Handle handle, std::span<const int> isolated, std::span<const int> affinity)
    : handle_(std::move(handle)) {
  view_.online = places_of(handle_.get(), isolated);
  view_.usable = view_.online;
  const std::vector<int> online = numbers_of(view_.online);
  rank_cpus(view_.usable);
  restrict_to(affinity.empty() ? online : usable_cpus(online, affinity, isolated));
}

Topology Topology::this_machine(const std::filesystem::path& root) {
  Handle handle(created(), &hwloc_topology_destroy);
  check_hwloc(hwloc_topology_load(handle.get()), "hwloc_topology_load");
  return Topology(std::move(handle), isolated_cpus(root), bound_cpus());
}

Topology Topology::synthetic(const std::string& description, std::span<const int> isolated) {
  Handle handle(created(), &hwloc_topology_destroy);
  check_hwloc(hwloc_topology_set_synthetic(handle.get(), description.c_str()),
              "hwloc_topology_set_synthetic");
  check_hwloc(hwloc_topology_load(handle.get()), "hwloc_topology_load");
  return Topology(std::move(handle), isolated, {});
}

void Topology::force(std::span<const int> cpus) {
  if (cpus.empty()) throw std::invalid_argument("--cpus: no CPU given");
  std::vector<CpuPlace> forced;
  for (const int cpu : cpus) {
    const auto same = [cpu](const CpuPlace& place) { return place.cpu == cpu; };
    const auto found = std::find_if(view_.online.begin(), view_.online.end(), same);
    if (found == view_.online.end()) {
      throw std::invalid_argument(
          fmt::format("--cpus: cpu {} is offline or outside the cpuset ({})", cpu,
                      format_cpu_list(numbers_of(view_.online))));
    }
    if (std::none_of(forced.begin(), forced.end(), same)) forced.push_back(*found);
  }
  view_.usable = std::move(forced);
}

void Topology::restrict_to(std::span<const int> cpus) {
  std::erase_if(view_.usable, [&](const CpuPlace& place) { return !contains(cpus, place.cpu); });
}

int Topology::packages() const { return count_of(handle_.get(), HWLOC_OBJ_PACKAGE); }
int Topology::numa_nodes() const { return count_of(handle_.get(), HWLOC_OBJ_NUMANODE); }
int Topology::cores() const { return count_of(handle_.get(), HWLOC_OBJ_CORE); }
int Topology::threads() const { return count_of(handle_.get(), HWLOC_OBJ_PU); }

std::string Topology::summary() const {
  std::string text = fmt::format("{}, {}, {}, {}", counted(packages(), "socket"),
                                 counted(numa_nodes(), "NUMA node"), counted(cores(), "core"),
                                 counted(threads(), "thread"));
  const char* separator = "; ";
  for (const auto type : {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE,
                          HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE}) {
    std::map<std::uint64_t, int> sizes;
    hwloc_obj_t cache = nullptr;
    while ((cache = hwloc_get_next_obj_by_type(handle_.get(), type, cache)) != nullptr) {
      ++sizes[cache->attr->cache.size];
    }
    for (const auto& [bytes, count] : sizes) {
      text += fmt::format("{}{} {} x {}", separator, hwloc_obj_type_string(type), count,
                          cache_size(bytes));
      separator = ", ";
    }
  }
  return text;
}

std::string Topology::xml() const {
  char* buffer = nullptr;
  int length = 0;
  check_hwloc(hwloc_topology_export_xmlbuffer(handle_.get(), &buffer, &length, 0),
              "hwloc_topology_export_xmlbuffer");
  std::string text(buffer);
  hwloc_free_xmlbuffer(handle_.get(), buffer);
  return text;
}

std::vector<int> usable_cpus(std::span<const int> cpuset, std::span<const int> affinity,
                             std::span<const int> isolated) {
  std::vector<int> all, wished;
  bool untouched = true;
  for (const int cpu : cpuset) {
    all.push_back(cpu);
    const bool allowed = contains(affinity, cpu);
    if (allowed) wished.push_back(cpu);
    if (allowed == contains(isolated, cpu)) untouched = false;
  }
  return untouched ? all : wished;
}

void rank_cpus(std::vector<CpuPlace>& cpus) {
  const auto rank = [](const CpuPlace& place) {
    return std::tuple(place.cpu == 0, !place.isolated, -place.efficiency, place.cpu);
  };
  std::sort(cpus.begin(), cpus.end(),
            [&](const CpuPlace& a, const CpuPlace& b) { return rank(a) < rank(b); });
}

}  // namespace ipcmark
