#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace ipcmark {

// Whether the tick counters of two CPUs may be compared: what one-way times rest on.

// Two CPUs read the counter in turn under one lock, so that every reading is later than the one
// before; a smaller one is a warp.
struct WarpReport {
  std::uint64_t reads = 0;
  std::uint64_t warps = 0;
  std::uint64_t worst_ticks = 0;  // the largest step backwards
};

// Binds two threads of its own for `duration`; at once and without warps when the CPUs are equal.
// Throws std::system_error when a CPU cannot be had.
[[nodiscard]] WarpReport check_warp(int cpu_a, int cpu_b, std::chrono::nanoseconds duration);

// A stamps `sent`, B stamps `answered` when it sees that, A stamps `received` when it sees the
// answer.
struct StampExchange {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t received = 0;
};

// B's counter minus A's is `ticks` ± `bound_ticks`.
struct ClockOffset {
  std::int64_t ticks = 0;
  std::uint64_t bound_ticks = 0;
  std::uint64_t exchanges = 0;
};

// The offset from the exchange with the smallest round trip: B's stamp lies inside it, so half the
// round trip, rounded up, bounds the error whatever the two directions cost. Throws
// std::invalid_argument when there is none.
[[nodiscard]] ClockOffset offset_from(std::span<const StampExchange> exchanges);

// Exchanges stamps between two bound threads for `duration`; zero ± 0 when the CPUs are equal.
// Throws std::system_error when a CPU cannot be had.
[[nodiscard]] ClockOffset measure_offset(int cpu_a, int cpu_b, std::chrono::nanoseconds duration);

// Whether the counter runs at one rate in every power state, from the text of /proc/cpuinfo: x86's
// `constant_tsc` and `nonstop_tsc` on all CPUs; arm64's counter does so by architecture.
[[nodiscard]] bool has_invariant_counter(std::string_view cpuinfo);

}  // namespace ipcmark
