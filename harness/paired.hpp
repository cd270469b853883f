// Windows of two kinds in turns within one launch: what is asked about, and what it is compared
// with. What drifts does so in both.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "harness/director.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

// One window, as the client leaves it in its stamps.
struct PairedWindow {
  static constexpr std::size_t kChunks = 16;  // timed apart, so that an interruption shows

  std::uint64_t asked = 0;  // 0: what it is compared with
  std::uint64_t ticks = 0;
  std::uint64_t longest_chunk = 0;
};
inline constexpr std::size_t kPairedWords = sizeof(PairedWindow) / sizeof(std::uint64_t);

// Calls `visit(asked)` for each window of an order: the two of a round, turned round each time.
template <class Visit>
void in_turns(std::uint64_t rounds, Visit visit) {
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (const std::uint64_t asked : {round % 2, 1 - round % 2}) visit(asked == 1);
  }
}

// Operations of a window of `each`, with the chunk before it that is not timed.
[[nodiscard]] constexpr std::uint64_t with_lead(std::uint64_t each) {
  return each / PairedWindow::kChunks * (PairedWindow::kChunks + 1);
}

// `run(n)` does n operations. `each` is a multiple of kChunks.
template <class Run>
[[nodiscard]] PairedWindow timed_window(bool asked, std::uint64_t each, Run run) {
  const std::uint64_t chunk = each / PairedWindow::kChunks;
  run(chunk);  // caches and lines find where they belong
  PairedWindow seen{.asked = asked ? 1u : 0u};
  const std::uint64_t began = ticks::now();
  std::uint64_t before = began;
  for (std::size_t i = 0; i < PairedWindow::kChunks; ++i) {
    run(chunk);
    const std::uint64_t now = ticks::now();
    seen.longest_chunk = std::max(seen.longest_chunk, now - before);
    before = now;
  }
  seen.ticks = before - began;
  return seen;
}

// Appends one to a role's stamps.
inline void keep_window(std::span<std::uint64_t> stamps, std::uint64_t& stamped,
                        const PairedWindow& window) {
  std::memcpy(&stamps[stamped], &window, sizeof window);
  stamped += kPairedWords;
}

// An order's windows as a probe has them: one of each kind.
[[nodiscard]] ActOrder probe_of_pairs();
// Rounds and operations that fill the budgets of a closed loop; after the probe was told.
void plan_pairs(ActOrder& order, const Director& director);
// All windows of the asked kind; in `rounds` the pairs in which nothing stopped either, `ns` and by
// the name given what they were compared with.
void take_pairs(const ActOrder& order, const Director& director, const char* baseline,
                RungResult& result);

}  // namespace ipcmark
