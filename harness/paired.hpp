// Windows of two kinds in turns within one launch: what is asked about, and what it is compared
// with. What drifts does so in both.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "harness/chunks.hpp"
#include "harness/director.hpp"

namespace ipcmark {

// One window, as the client leaves it in its stamps.
struct PairedWindow {
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
  return each / kChunks * (kChunks + 1);
}

// `run(n)` does n operations. `each` is a multiple of kChunks.
template <class Run>
[[nodiscard]] PairedWindow timed_window(bool asked, std::uint64_t each, Run run) {
  const std::uint64_t chunk = each / kChunks;
  run(chunk);  // caches and lines find where they belong
  const ChunkedTime time = timed_chunks(chunk, run);
  return {.asked = asked ? 1u : 0u, .ticks = time.ticks, .longest_chunk = time.longest_chunk};
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
