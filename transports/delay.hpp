// A known delay: a chain of dependent multiplications, never a polled clock, so that what is
// injected does not depend on what measures it.
#pragma once

#include <cstdint>

namespace ipcmark {

// `link` is carried from one delay to the next: chains that did not depend on each other would
// overlap in the core, and a short one would all but vanish.
inline void delay_chain(std::uint64_t& link, std::uint64_t steps) noexcept {
  std::uint64_t here = link;  // in a register, whatever the optimiser makes of a reference
  for (std::uint64_t i = 0; i < steps; ++i) {
    here *= 0x9E3779B97F4A7C15;
    asm volatile("" : "+r"(here));  // each step waits for the one before; none is folded away
  }
  link = here;
}

}  // namespace ipcmark
