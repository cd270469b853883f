// Two neighbouring words compared and exchanged at once, where the CPU can.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace ipcmark {

struct alignas(16) WidePair {
  std::uint64_t first, second;
};

#if defined(__x86_64__)
// Empty where it can be had.
[[nodiscard]] inline std::string wide_exchange_refusal() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool has = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_CMPXCHG16B) != 0;
  return has ? "" : "cmpxchg16b: this CPU has no such instruction (cpuid 1, ecx bit 13)";
}

[[nodiscard]] inline bool exchange_wide(std::atomic<std::uint64_t>* words, WidePair expected,
                                        WidePair desired) noexcept {
  bool done;
  asm volatile("lock cmpxchg16b %1"
               : "=@ccz"(done), "+m"(*reinterpret_cast<WidePair*>(words)), "+a"(expected.first),
                 "+d"(expected.second)
               : "b"(desired.first), "c"(desired.second)
               : "memory");
  return done;
}
#elif defined(__aarch64__)
[[nodiscard]] inline std::string wide_exchange_refusal() { return {}; }

[[nodiscard]] inline bool exchange_wide(std::atomic<std::uint64_t>* words, WidePair expected,
                                        WidePair desired) noexcept {
  std::uint64_t first, second;
  std::uint32_t failed;
  asm volatile(
      "1: ldaxp %0, %1, [%3]\n"
      "   mov %w2, #1\n"
      "   cmp %0, %4\n"
      "   ccmp %1, %5, #0, eq\n"
      "   b.ne 2f\n"
      "   stlxp %w2, %6, %7, [%3]\n"
      "   cbnz %w2, 1b\n"
      "2: clrex\n"
      : "=&r"(first), "=&r"(second), "=&r"(failed)
      : "r"(words), "r"(expected.first), "r"(expected.second), "r"(desired.first),
        "r"(desired.second)
      : "cc", "memory");
  return failed == 0;
}
#else
[[nodiscard]] inline std::string wide_exchange_refusal() {
  return "double-width compare-and-exchange: written for x86-64 and arm64 only";
}

[[nodiscard]] inline bool exchange_wide(std::atomic<std::uint64_t>*, WidePair, WidePair) noexcept {
  return false;
}
#endif

}  // namespace ipcmark
