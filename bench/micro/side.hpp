// One of a duel's two processes: how it meets the other, what it runs, what the canary says.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "bench/micro/duel.hpp"
#include "transports/posix.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::micro {

struct alignas(kLineDistance) Line {
  std::atomic<std::uint64_t> value;
};

// What the two processes share besides the contenders' own memory.
struct Board {
  Line there, back;                  // barrier and canary
  std::atomic<std::uint64_t> ticks;  // of the last run, from the side that has the clock
  std::atomic<std::uint64_t> preempted;
};

inline double ns_per_tick() {
  static const double ratio = [] {
    const auto ns = monotonic_now();
    const auto ticks = ticks::now();
    while (monotonic_now() < ns + 50'000'000) {
    }
    return static_cast<double>(monotonic_now() - ns) / static_cast<double>(ticks::now() - ticks);
  }();
  return ratio;
}

inline std::uint64_t preemptions() {
  rusage usage{};
  check(::getrusage(RUSAGE_SELF, &usage), "getrusage");
  return static_cast<std::uint64_t>(usage.ru_nivcsw);
}

class Side {
 public:
  Side(Board& board, Role role) : board_(board), role_(role) {}

  [[nodiscard]] Role role() const { return role_; }

  // Both lines carry the number of meetings, so this is also one round trip of the canary.
  void meet() {
    ++met_;
    Line& mine = role_ == Role::client ? board_.there : board_.back;
    Line& other = role_ == Role::client ? board_.back : board_.there;
    if (role_ == Role::server) await(other);
    mine.value.store(met_, std::memory_order_release);  // pairs with await on the other side
    if (role_ == Role::client) await(other);
  }

  // The quickest of a few groups: one preemption must not look like another machine.
  double canary() {
    constexpr int kGroups = 5, kTrips = 200;
    std::uint64_t best = kNever;
    for (int group = 0; group < kGroups; ++group) {
      const auto start = ticks::now();
      for (int trip = 0; trip < kTrips; ++trip) meet();
      best = std::min(best, ticks::now() - start);
    }
    return static_cast<double>(best) * ns_per_tick() / kTrips;
  }

  double run(const Contender& contender) {
    const auto before = preemptions();
    const auto ticks = contender.run(role_);
    board_.preempted.fetch_add(preemptions() - before, std::memory_order_relaxed);
    if (ticks) board_.ticks.store(*ticks, std::memory_order_release);
    meet();
    const auto total = static_cast<double>(board_.ticks.load(std::memory_order_acquire));
    meet();
    return total * ns_per_tick() / static_cast<double>(contender.operations);
  }

  // Since the last call; read by the client, after both have met.
  std::uint64_t preempted() { return board_.preempted.exchange(0, std::memory_order_relaxed); }

  // The client is the home of the memory and touches it first.
  void open(const Contender& contender) {
    if (role_ == Role::client) contender.open(role_);
    meet();
    if (role_ == Role::server) contender.open(role_);
    meet();
  }

 private:
  void await(const Line& line) const {
    while (line.value.load(std::memory_order_acquire) < met_) {
    }
  }

  Board& board_;
  Role role_;
  std::uint64_t met_ = 0;
};

}  // namespace ipcmark::micro
