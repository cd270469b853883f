#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transports/posix.hpp"

namespace ipcmark {

// What the machine did to the measured CPUs, summed over them unless said otherwise: totals since
// boot, or the difference of two. None where the kernel does not say (arm64 has no TLB row: its
// shootdowns are broadcast by the hardware). Interrupt counts are the kernel's rows as they are.
struct MachineCounts {
  std::optional<std::uint64_t> steal_ns = std::nullopt;  // in the kernel's ticks: 10 ms or so
  std::optional<std::uint64_t> tlb_shootdowns = std::nullopt;
  std::optional<std::uint64_t> function_calls = std::nullopt;
  std::optional<std::uint64_t> reschedules = std::nullopt;
  std::optional<std::uint64_t> timer_interrupts = std::nullopt;
  // Of the whole machine: time in which some task waited for a CPU, or for memory (PSI).
  std::optional<std::uint64_t> cpu_pressure_ns = std::nullopt;
  std::optional<std::uint64_t> memory_pressure_ns = std::nullopt;
  // Of the nearest cgroup that counts it: how often and how long its CPU quota held it up.
  std::optional<std::uint64_t> throttles = std::nullopt;
  std::optional<std::uint64_t> throttled_ns = std::nullopt;
  // How often the measured CPUs' cores were slowed down for heat.
  std::optional<std::uint64_t> heat_throttles = std::nullopt;
  // The hottest of the processors' sensors: a level, whose difference is the later one.
  std::optional<std::uint64_t> millidegrees = std::nullopt;
  // How long was looked; only of a difference that somebody timed (RungWatch).
  std::optional<std::uint64_t> watched_ns = std::nullopt;
};

struct MachineField {
  std::string_view name;  // in the record
  std::optional<std::uint64_t> MachineCounts::*count;
};
inline constexpr auto kMachineFields = std::to_array<MachineField>({
    {"steal_ns", &MachineCounts::steal_ns},
    {"tlb_shootdowns", &MachineCounts::tlb_shootdowns},
    {"function_calls", &MachineCounts::function_calls},
    {"reschedules", &MachineCounts::reschedules},
    {"timer_interrupts", &MachineCounts::timer_interrupts},
    {"cpu_pressure_ns", &MachineCounts::cpu_pressure_ns},
    {"memory_pressure_ns", &MachineCounts::memory_pressure_ns},
    {"throttles", &MachineCounts::throttles},
    {"throttled_ns", &MachineCounts::throttled_ns},
    {"heat_throttles", &MachineCounts::heat_throttles},
    {"millidegrees", &MachineCounts::millidegrees},
    {"watched_ns", &MachineCounts::watched_ns},
});

// What happened from `before` to `after`; none where either is missing or a 32-bit counter wrapped.
[[nodiscard]] MachineCounts operator-(const MachineCounts& after, const MachineCounts& before);

// The record's `machine` object.
[[nodiscard]] nlohmann::json to_json(const MachineCounts& counts);

// The interrupt rows alone.
[[nodiscard]] nlohmann::json interrupts_to_json(const MachineCounts& counts);

// Interrupt rows of the given CPUs, from the text of /proc/interrupts (x86's TLB, CAL, RES, LOC;
// the IPI rows and the arch_timer elsewhere). All none if one of the CPUs has no column.
[[nodiscard]] MachineCounts parse_interrupts(std::string_view text, std::span<const int> cpus);

// Stolen time of the given CPUs in kernel ticks (USER_HZ), from the text of /proc/stat; none if a
// CPU has no line or the kernel counts no steal.
[[nodiscard]] std::optional<std::uint64_t> parse_steal_ticks(std::string_view text,
                                                             std::span<const int> cpus);

// Waiting of "some" task, in ns, from the text of /proc/pressure/cpu or memory.
[[nodiscard]] std::optional<std::uint64_t> parse_pressure_ns(std::string_view text);

// Adds `throttles` and `throttled_ns` from the text of a cgroup's cpu.stat, version 1 or 2.
void parse_throttling(std::string_view text, MachineCounts& counts);

// Reads its files, which it keeps open with its buffer: 85 us a reading on a guest with two CPUs,
// growing with CPUs times interrupts. For one thread; outside measured windows.
class MachineWatch {
 public:
  // `root` prefixes /proc and /sys. A file that cannot be opened leaves its counts none.
  explicit MachineWatch(std::vector<int> cpus, const std::filesystem::path& root = "/");

  // Totals now. Throws std::system_error when an open file cannot be read.
  [[nodiscard]] MachineCounts read();

 private:
  // Hands the text of an open file to `take`.
  template <class Take>
  void reread(const Fd& fd, const char* call, Take take);

  // The one number of each file, where it can be read.
  std::vector<std::uint64_t> numbers(const std::vector<Fd>& files);

  std::vector<int> cpus_;
  Fd interrupts_, stat_, cpu_pressure_, memory_pressure_, cgroup_;
  std::vector<Fd> heat_throttles_, temperatures_;
  std::string buffer_;
};

}  // namespace ipcmark
