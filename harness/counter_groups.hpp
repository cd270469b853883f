// Which events each group counts, as data: what is counted, and under what name each
// microarchitecture has it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// A counter of a group under its own name, and an event of libpfm4 that counts it on those of its
// PMUs that are listed. Rows of one counter stand in the order in which they are tried.
struct CounterRow {
  std::string_view group;
  std::string_view counter;
  std::string_view pmus;  // as libpfm4 names them, between blanks
  std::string_view event;
};

// An event that the kernel counts by itself, with or without a PMU.
struct SoftwareCounter {
  std::string_view counter;
  std::uint64_t config;  // of PERF_TYPE_SOFTWARE
  // Whether the kernel tells user code's share from its own: only where an event has registers.
  bool apart;
};

// The one group that needs no PMU.
inline constexpr std::string_view kSchedulingGroup = "scheduling";

[[nodiscard]] std::span<const CounterRow> counter_rows();
[[nodiscard]] std::span<const SoftwareCounter> software_counters();

// All groups, the one without a PMU first.
[[nodiscard]] std::vector<std::string> counter_groups();

// The counters of a group of which some row is there, in the table's order.
[[nodiscard]] std::vector<std::string_view> counters_of(std::string_view group);
// The first row whose PMU is among those present; none where this CPU has no such counter.
[[nodiscard]] std::optional<CounterRow> row_for(std::string_view group, std::string_view counter,
                                                std::span<const std::string> present);

}  // namespace ipcmark
