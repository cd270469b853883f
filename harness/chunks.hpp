// The time of a window, whose chunks are timed apart, so that an interruption shows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "transports/ticks.hpp"

namespace ipcmark {

inline constexpr std::size_t kChunks = 16;  // of a window

struct ChunkedTime {
  std::uint64_t ticks = 0;
  std::uint64_t longest_chunk = 0;
};

// `run(n)` does n operations; `chunk` of them each time.
template <class Run>
[[nodiscard]] ChunkedTime timed_chunks(std::uint64_t chunk, Run& run) {
  ChunkedTime time;
  const std::uint64_t began = ticks::now();
  std::uint64_t before = began;
  for (std::size_t i = 0; i < kChunks; ++i) {
    run(chunk);
    const std::uint64_t now = ticks::now();
    time.longest_chunk = std::max(time.longest_chunk, now - before);
    before = now;
  }
  time.ticks = before - began;
  return time;
}

}  // namespace ipcmark
