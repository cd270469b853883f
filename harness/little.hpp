// Little's law, L = lambda W, as a check of an open loop: the number of messages under way, looked
// at while it ran, against the rate and the time each was under way, from the stamps.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace ipcmark {

// Ticks since the origin.
struct WatchedLoop {
  std::span<const std::uint64_t> sends;    // of each message: when handed over, when that returned
  std::span<const std::uint64_t> arrived;  // of each message
  std::span<const std::uint64_t> aways;    // when the sender was not running: from, to
};

// What the sender's looks saw.
struct Looked {
  std::uint64_t looks = 0;
  std::uint64_t seen = 0;          // messages under way, summed over the looks
  std::uint64_t seen_squares = 0;  // their squares
};

struct LittleCheck {
  double seen = 0;      // L: mean number under way, as looked at
  double expected = 0;  // lambda W of the stamps
  double residual = 0;  // seen / expected - 1
  double error = 0;     // relative standard deviation of `seen` from having looked at random
};

// Mean number under way by the stamps alone, over the time in which the sender could look, from the
// first send to the last one's return: messages per tick of it, by the mean time each was under way
// in it.
// Nothing where no such time is left.
[[nodiscard]] std::optional<double> expected_under_way(const WatchedLoop& loop);

// Nothing where nobody could look, or nothing was under way.
[[nodiscard]] std::optional<LittleCheck> check_little(const WatchedLoop& loop,
                                                      const Looked& looked);

}  // namespace ipcmark
