// What a launch reads off its roles. One launch has one reading: who is watched call by call is not
// timed.
#pragma once

#include <cstdint>

#include "harness/words.hpp"

namespace ipcmark {

enum class Reading : std::uint32_t {
  times,         // windows and single operations
  under_way,     // times, and how many messages are under way
  system_calls,  // counted from outside: no times at all
  counters,      // events and interrupts while messages pass: no times either
  life_cycle,    // one channel after another, from nothing and back
  // From here on an effect of the machine is played.
  shootdowns,   // one side makes the kernel interrupt the other
  contention,   // two sides and the cache lines between them; no channel
  publication,  // data told of with one memory order or another, and litmus tests
  reuse,        // a lock-free stack whose nodes come back
  hops,         // a list that both sides map, each at its own address
};

template <>
struct Words<Reading> {
  static constexpr WordTable<Reading, 10> table{{{Reading::times, "times"},
                                                 {Reading::under_way, "under_way"},
                                                 {Reading::system_calls, "calls"},
                                                 {Reading::counters, "events"},
                                                 {Reading::life_cycle, "life"},
                                                 {Reading::shootdowns, "shootdowns"},
                                                 {Reading::contention, "contention"},
                                                 {Reading::publication, "publication"},
                                                 {Reading::reuse, "reuse"},
                                                 {Reading::hops, "hops"}}};
};

// Whether a reading plays an effect of the machine instead of running patterns through a channel.
[[nodiscard]] constexpr bool plays_effect(Reading reading) {
  return reading >= Reading::shootdowns;
}

// Whether a launch has times, and with them windows, CPU time and what the machine did meanwhile.
[[nodiscard]] constexpr bool is_timed(Reading reading) {
  return reading == Reading::times || reading == Reading::under_way || plays_effect(reading);
}

// Channels that a life cycle's launch times, each after another; one before them is only verified.
inline constexpr std::uint32_t kLives = 24;

}  // namespace ipcmark
