// Names of hardware events and what the kernel has to be told to count them: libpfm4's knowledge,
// or none of it where this was built without.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// An event as perf_event_open takes it.
struct EventCode {
  std::uint32_t type = 0;
  std::uint64_t config = 0;
  std::uint64_t config1 = 0;
  std::uint64_t config2 = 0;

  bool operator==(const EventCode&) const = default;
};

// What libpfm4 takes this CPU for, and "perf", the kernel's generic events: "skl", "perf". It knows
// the CPU by its number: in a virtual machine the PMU may still be missing.
[[nodiscard]] std::vector<std::string> present_pmus();

// One event of one PMU, "icl" and "TLB_FLUSH:STLB_ANY"; none where it is not in the library.
[[nodiscard]] std::optional<EventCode> event_code(std::string_view pmu, std::string_view event);

// The PMUs of those given (empty: of all) that have an event of this name; it may name its own.
[[nodiscard]] std::vector<std::string> pmus_with(std::string_view event,
                                                 std::span<const std::string> among = {});

// Names of the events of these PMUs, alone and with each of their unit masks.
[[nodiscard]] std::vector<std::string> event_names(std::span<const std::string> pmus);

// Why no name has a code; empty where the library is there.
[[nodiscard]] std::string_view why_no_names();

}  // namespace ipcmark
