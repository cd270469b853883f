#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// What the machine did to the measured CPUs, summed over them: totals since boot, or the
// difference of two. None where the kernel does not say (arm64 has no TLB row: its shootdowns are
// broadcast by the hardware). Interrupt counts are the kernel's rows as they are.
struct MachineCounts {
  std::optional<std::uint64_t> steal_ns = std::nullopt;  // in the kernel's ticks: 10 ms or so
  std::optional<std::uint64_t> tlb_shootdowns = std::nullopt;
  std::optional<std::uint64_t> function_calls = std::nullopt;
  std::optional<std::uint64_t> reschedules = std::nullopt;
  std::optional<std::uint64_t> timer_interrupts = std::nullopt;
};

// What happened from `before` to `after`; none where either is missing or a 32-bit counter wrapped.
[[nodiscard]] MachineCounts operator-(const MachineCounts& after, const MachineCounts& before);

// The record's `machine` object.
[[nodiscard]] nlohmann::json to_json(const MachineCounts& counts);

// Interrupt rows of the given CPUs, from the text of /proc/interrupts (x86's TLB, CAL, RES, LOC;
// the IPI rows and the arch_timer elsewhere). All none if one of the CPUs has no column.
[[nodiscard]] MachineCounts parse_interrupts(std::string_view text, std::span<const int> cpus);

// Stolen time of the given CPUs in kernel ticks (USER_HZ), from the text of /proc/stat; none if a
// CPU has no line or the kernel counts no steal.
[[nodiscard]] std::optional<std::uint64_t> parse_steal_ticks(std::string_view text,
                                                             std::span<const int> cpus);

// Reads both files, which it keeps open with its buffer: 85 us a reading on a guest with two CPUs,
// growing with CPUs times interrupts. For one thread; outside measured windows.
class MachineWatch {
 public:
  // `root` prefixes /proc. A file that cannot be opened leaves its counts none.
  explicit MachineWatch(std::vector<int> cpus, const std::filesystem::path& root = "/");
  ~MachineWatch();
  MachineWatch(const MachineWatch&) = delete;
  MachineWatch& operator=(const MachineWatch&) = delete;

  // Totals now. Throws std::system_error when an open file cannot be read.
  [[nodiscard]] MachineCounts read();

 private:
  std::string_view reread(int fd, const char* call);

  std::vector<int> cpus_;
  int interrupts_fd_;
  int stat_fd_;
  std::string buffer_;
};

}  // namespace ipcmark
