// What `ipcmark run --tune` may write, and nothing else may be written back.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/knobs.hpp"

namespace ipcmark {

// A knob of knobs.hpp and the value that takes a doubt away.
struct Tunable {
  std::string_view name;
  std::string_view to;
  // The kernel changes it along with another: its value is kept and put back, never set.
  bool only_kept = false;
};

// In the order in which they are set. Left alone, on purpose: address-space layout (launches are to
// differ), perf_event_paranoid and sched_rt_runtime_us (they guard the machine, and root needs
// neither), swap (emptying it can run out of memory), the TLB's flush ceiling (a subject of
// measurement), idle states (an axis, held by launches).
inline constexpr auto kTunable = std::to_array<Tunable>({
    // intel_pstate and amd_pstate move it with the governor; back it goes after the governor, which
    // forbids another value while it is `performance`.
    {"energy_preference", "performance", true},
    {"governor", "performance"},
    {"intel_pstate_no_turbo", "1"},
    {"cpufreq_boost", "0"},
    {"kernel.numa_balancing", "0"},
    {"kernel.nmi_watchdog", "0"},
    {"thp_enabled", "madvise"},
    {"thp_defrag", "madvise"},
    {"thp_khugepaged_defrag", "0"},
});

inline constexpr std::string_view kCpuFolder = "sys/devices/system/cpu/cpu";  // and a number

// The path of a knob in one of the tables of knobs.hpp; empty if it is not there.
template <class Knobs>
constexpr std::string_view path_in(const Knobs& knobs, std::string_view name) {
  const auto found = std::ranges::find(knobs, name, &Knob::name);
  return found == knobs.end() ? std::string_view() : found->path;
}

// Whether an absolute name is that of a file which tuning may have changed.
constexpr bool is_tunable(std::string_view file) {
  if (!file.starts_with('/')) return false;
  file.remove_prefix(1);
  std::string_view of_cpu;
  if (file.starts_with(kCpuFolder)) {
    const auto number = file.substr(kCpuFolder.size());
    const auto end = number.find_first_not_of("0123456789");
    if (end != 0 && end != number.npos && number[end] == '/') of_cpu = number.substr(end + 1);
  }
  return std::ranges::any_of(kTunable, [&](const Tunable& knob) {
    const auto path = path_in(kKnobs, knob.name);
    return path.empty() ? path_in(kCpuKnobs, knob.name) == of_cpu : path == file;
  });
}

}  // namespace ipcmark
