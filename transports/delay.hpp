// A known delay: a chain of dependent multiplications, never a polled clock, so that what is
// injected does not depend on what measures it.
#pragma once

#include <cstdint>

namespace ipcmark {

inline void delay_chain(std::uint64_t steps) noexcept {
  std::uint64_t link = 3;
  for (std::uint64_t i = 0; i < steps; ++i) {
    link *= 0x9E3779B97F4A7C15;
    asm volatile("" : "+r"(link));  // each step waits for the one before; none is folded away
  }
}

}  // namespace ipcmark
