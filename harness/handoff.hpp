// The canary: a bare cache-line round trip between the two ends' CPUs, with no transport's code in
// it. Its level says which host placement a case was measured under; a case whose canary moved is
// labelled, not believed.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "transports/ticks.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

struct Handoff {
  struct alignas(kLineDistance) Line {
    std::atomic<std::uint64_t> turn;
  };
  Line there, back;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

namespace handoff {

inline constexpr std::uint64_t kRoundsEach = 32;  // per stamp: well above any timer quantum

// Both ends continue counting from `from`; each stamp closes kRoundsEach round trips.
inline void ask(Handoff& lines, std::uint64_t from, std::span<std::uint64_t> stamps) noexcept {
  std::uint64_t turn = from;
  stamps[0] = ticks::now();
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    for (std::uint64_t round = 0; round < kRoundsEach; ++round) {
      lines.there.turn.store(++turn, std::memory_order_release);  // pairs with answer's load
      while (lines.back.turn.load(std::memory_order_acquire) != turn) {
      }
    }
    stamps[i] = ticks::now();
  }
}

inline void answer(Handoff& lines, std::uint64_t from, std::uint64_t rounds) noexcept {
  for (std::uint64_t turn = from + 1; turn <= from + rounds; ++turn) {
    while (lines.there.turn.load(std::memory_order_acquire) != turn) {
    }
    lines.back.turn.store(turn, std::memory_order_release);  // pairs with ask's load
  }
}

// Turns that a canary of so many stamps takes: its round trips, and the word that it is over.
[[nodiscard]] constexpr std::uint64_t turns(std::uint64_t stamps) noexcept {
  return (stamps - 1) * kRoundsEach + 1;
}

}  // namespace handoff

}  // namespace ipcmark
