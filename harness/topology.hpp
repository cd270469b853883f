#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct hwloc_topology;

namespace ipcmark {

// Where one logical CPU sits. Two CPUs share a thing when the ids are equal and not kNowhere; the
// ids mean nothing else.
struct CpuPlace {
  static constexpr int kNowhere = -1;

  int cpu = 0;  // the kernel's number
  int core = kNowhere;
  int l2 = kNowhere;
  int llc = kNowhere;  // the largest data cache the kernel reports, whatever its level
  int numa = kNowhere;
  int package = kNowhere;
  bool isolated = false;  // isolcpus= or an isolated cpuset partition
  int efficiency = 0;     // hwloc's CPU kind: higher is faster; 0 where all are alike or unknown
};

// The CPUs that placements are made of.
struct CpuView {
  std::vector<CpuPlace> online;  // online and in the cpuset, ascending
  std::vector<CpuPlace> usable;  // those of them we may and want to use, best first
};

// hwloc, hidden from everybody else. Describes this machine or, for tests, an invented one.
class Topology {
 public:
  // This machine: online CPUs of the cpuset; usable are those of the affinity (see usable_cpus).
  // `root` prefixes /sys for the list of isolated CPUs. Throws std::system_error if hwloc fails.
  [[nodiscard]] static Topology this_machine(const std::filesystem::path& root = "/");

  // An invented machine in hwloc's notation, e.g. "pack:2 l3:2 l2:4 core:1 pu:2", all CPUs usable.
  // Throws std::system_error when the text is not valid.
  [[nodiscard]] static Topology synthetic(const std::string& description,
                                          std::span<const int> isolated = {});

  // Makes exactly these CPUs usable, best first as given (`--cpus`). Throws std::invalid_argument
  // naming the CPU that is not online or not in the cpuset, or when fewer than one is given.
  void force(std::span<const int> cpus);

  // Keeps only those usable CPUs which are in `cpus`; their order stays.
  void restrict_to(std::span<const int> cpus);

  [[nodiscard]] const CpuView& cpus() const noexcept { return view_; }

  // Counts of what is usable or not: for the machine key.
  [[nodiscard]] int packages() const;
  [[nodiscard]] int numa_nodes() const;
  [[nodiscard]] int cores() const;
  [[nodiscard]] int threads() const;

  // One line for people: sockets, NUMA nodes, cores, threads, and the caches as count x size.
  // MiB".
  [[nodiscard]] std::string summary() const;

  // hwloc's XML of the whole topology (`environment.xml`). Throws std::system_error.
  [[nodiscard]] std::string xml() const;

 private:
  using Handle = std::unique_ptr<hwloc_topology, void (*)(hwloc_topology*)>;

  Topology(Handle handle, std::span<const int> isolated, std::span<const int> affinity);

  Handle handle_;
  CpuView view_;
};

// Which CPUs of the cpuset to use. With isolcpus= every process starts with an affinity that lacks
// the isolated CPUs, the very ones wanted: so an affinity of exactly "all but the isolated" counts
// as nobody's wish and gives the whole cpuset. Any other affinity was set on purpose and is kept.
[[nodiscard]] std::vector<int> usable_cpus(std::span<const int> cpuset,
                                           std::span<const int> affinity,
                                           std::span<const int> isolated);

// Sorts best first: CPU 0 last (the kernel's own work gathers there), isolated before others,
// performance before efficiency cores, then by number.
void rank_cpus(std::vector<CpuPlace>& cpus);

}  // namespace ipcmark
