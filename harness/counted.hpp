// What one role counted while it worked: the events of a pass, and the kernel's own accounts of it
// and of its CPU. Travels in a report.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/machine_watch.hpp"
#include "harness/usage.hpp"

namespace ipcmark {

struct PerfFacts;

inline constexpr std::size_t kMostCounted = 8;  // events in a pass

struct Counted {
  std::uint64_t enabled_ns = 0;
  std::uint64_t running_ns = 0;                      // less: others had the PMU meanwhile
  std::array<std::uint64_t, kMostCounted> values{};  // in the pass's order
  Usage usage;               // around the events, which it therefore never falls short of
  MachineCounts interrupts;  // of the role's CPU
};

// Why the values of a group mean nothing; empty where they are whole. A group that had the PMU for
// a part of the time is not scaled: what it missed need not be like what it saw.
[[nodiscard]] std::string multiplexed(const Counted& counted, const PerfFacts& facts);

}  // namespace ipcmark
