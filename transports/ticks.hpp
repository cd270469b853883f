// The clock of the measured loops: one fenced read of the CPU's own counter.
#pragma once

#include <time.h>

#include <cstdint>
#include <string_view>

namespace ipcmark::ticks {

#if defined(__x86_64__)
inline constexpr std::string_view kMethod = "lfence; rdtsc; lfence";
[[nodiscard]] inline std::uint64_t now() noexcept {
  std::uint32_t low, high;
  asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high)::"memory");
  return std::uint64_t{high} << 32 | low;
}
#elif defined(__aarch64__)
inline constexpr std::string_view kMethod = "isb; mrs cntvct_el0; isb";
[[nodiscard]] inline std::uint64_t now() noexcept {
  std::uint64_t ticks;
  // The second isb as x86's second lfence: without it what is timed may begin before the read.
  asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks)::"memory");
  return ticks;
}
#else
inline constexpr std::string_view kMethod = "clock_gettime(CLOCK_MONOTONIC_RAW)";
[[nodiscard]] inline std::uint64_t now() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}
#endif

}  // namespace ipcmark::ticks
