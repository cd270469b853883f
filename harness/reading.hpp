// What a launch reads off its roles. One launch has one reading: who is watched call by call is not
// timed.
#pragma once

#include <cstdint>

#include "harness/words.hpp"

namespace ipcmark {

enum class Reading : std::uint32_t {
  times,         // windows and single operations
  system_calls,  // counted from outside: no times at all
  life_cycle,    // one channel after another, from nothing and back
  contention,    // two sides and the cache lines between them; no channel
};

template <>
struct Words<Reading> {
  static constexpr WordTable<Reading, 4> table{{{Reading::times, "times"},
                                                {Reading::system_calls, "calls"},
                                                {Reading::life_cycle, "life"},
                                                {Reading::contention, "contention"}}};
};

// Channels that a life cycle's launch times, each after another; one before them is only verified.
inline constexpr std::uint32_t kLives = 24;

}  // namespace ipcmark
