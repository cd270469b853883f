// A small message's copy. A call of memcpy takes as long as the rest of what a word of payload
// needs, and the peer waits for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ipcmark {

// 8 to 16 B, which covers a word and a descriptor, are two words that may overlap. Wider sizes done
// alike gain nothing across cores.
inline void copy_message(std::byte* to, const std::byte* from, std::size_t n) noexcept {
  if (n < 8 || n > 16) {
    std::memcpy(to, from, n);
    return;
  }
  std::uint64_t first, last;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + n - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + n - sizeof last, &last, sizeof last);
}

}  // namespace ipcmark
