// Whether a load is made after the store before it, both sequentially consistent, as C++ promises:
// who goes to sleep at a bell of shared memory relies on it (transports/bell.hpp). QEMU (7.2, user
// mode, arm64 on x86) has no barrier between the two, and a wake-up is lost now and then, unless
// all runs on one CPU.
#pragma once

#include <sched.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace ipcmark::conformance {

// Two threads on two CPUs store and then look at what the other stores. That neither sees the
// other's is forbidden.
class StoreBuffering {
 public:
  // Under that emulator one or two of a hundred are out of order.
  static constexpr std::uint32_t kRounds = 10'000;

  // How many rounds were out of order.
  std::uint32_t run(int first_cpu, int second_cpu) {
    std::thread second([&] { play(1, second_cpu); });
    std::thread first([&] { play(0, first_cpu); });
    first.join();
    second.join();
    return forbidden_;
  }

 private:
  struct alignas(256) Side {
    std::atomic<std::uint32_t> stored{0}, step{0};
    std::uint32_t seen = 0;
  };

  void play(int me, int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);  // where it fails less is found
    Side &mine = sides_[me], &others = sides_[1 - me];
    std::uint32_t step = 0;
    for (std::uint32_t round = 1; round <= kRounds; ++round) {
      meet(mine, others, ++step);
      mine.stored.store(round, std::memory_order_seq_cst);
      mine.seen = others.stored.load(std::memory_order_seq_cst);
      meet(mine, others, ++step);
      if (me == 0 && mine.seen < round && others.seen < round) ++forbidden_;
      meet(mine, others, ++step);
    }
  }

  // Nearly at once, or one time slice later where something else runs.
  static void meet(Side& mine, const Side& others, std::uint32_t step) {
    mine.step.store(step, std::memory_order_release);
    for (int looks = 1; others.step.load(std::memory_order_acquire) < step; ++looks) {
      if (looks % 1000 == 0) ::sched_yield();
    }
  }

  std::array<Side, 2> sides_;
  std::uint32_t forbidden_ = 0;
};

// Before a test has pinned itself.
inline const cpu_set_t kCpusAtStart = [] {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) CPU_ZERO(&set);
  return set;
}();

// Empty where the order was kept; found out once.
[[nodiscard]] inline const std::string& why_no_order() {
  static const std::string why = [] {
    if (CPU_COUNT(&kCpusAtStart) < 2) return std::string();
    int first = 0, last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(first, &kCpusAtStart)) ++first;
    while (!CPU_ISSET(last, &kCpusAtStart)) --last;
    const std::uint32_t out_of_order = StoreBuffering().run(first, last);
    if (out_of_order == 0) return std::string();
    return "a load was made before the store before it, both memory_order_seq_cst, in " +
           std::to_string(out_of_order) + " of " + std::to_string(StoreBuffering::kRounds) +
           " rounds: who sleeps can miss a wake-up";
  }();
  return why;
}

}  // namespace ipcmark::conformance
