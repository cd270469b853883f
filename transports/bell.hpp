// How one end of shared memory waits for the other, without losing a wake-up. What the sleeper
// sleeps on is a door: FutexDoor here, others in the files of their transports.
//
// The waiter says that it sleeps and looks again; the other end publishes and then looks whether
// somebody sleeps (Dekker): the four accesses are sequentially consistent, so at least one of the
// two sees the other. Where nobody ever sleeps (spin, yield) publishing is a plain release and the
// bell is never looked at.
#pragma once

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>

#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// In shared memory; one sleeper.
struct alignas(kLineDistance) Bell {
  std::atomic<std::uint32_t> sleeping;
};
static_assert(sizeof(Bell) == kLineDistance);

template <Wait W>
inline constexpr bool kSleeps = W == Wait::block || W == Wait::spin_then_block;

// The policy whose code a policy is: who spins before it sleeps is a sleeper with a budget, looked
// at when the wait has begun. One more would be every loop once more, and so its compilation.
template <Wait W>
inline constexpr Wait kCode = W == Wait::spin_then_block ? Wait::block : W;

// The order in which an index is published and looked at under a wait policy.
template <Wait W>
inline constexpr std::memory_order kPublish =
    kSleeps<W> ? std::memory_order_seq_cst : std::memory_order_release;
template <Wait W>
inline constexpr std::memory_order kObserve =
    kSleeps<W> ? std::memory_order_seq_cst : std::memory_order_acquire;

// Where one end sleeps and the other knocks. `sleep` is false on a time-out; a spurious return is a
// return: the caller looks again. With kCountsKnocks a door has `owed`, which is told of each knock
// that was made or is about to be made, also for a sleep that is already over.
struct FutexDoor {
  static constexpr bool kCountsKnocks = false;
  bool sleep(Bell& bell, std::optional<Deadline> deadline) const noexcept {
    timespec until{};
    if (deadline) until = to_timespec(deadline->monotonic_ns);
    // WAIT_BITSET takes an absolute CLOCK_MONOTONIC time; not PRIVATE, the peer is another process.
    const auto rc = ::syscall(SYS_futex, &bell.sleeping, FUTEX_WAIT_BITSET, 1,
                              deadline ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
    return rc == 0 || errno != ETIMEDOUT;
  }
  void knock(Bell& bell) const noexcept {
    ::syscall(SYS_futex, &bell.sleeping, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
};

namespace bell {

// After publishing: wake the other end if it sleeps.
template <Wait W, class Door = FutexDoor>
inline void ring(Bell& bell, Door&& door = {}) {
  if constexpr (kSleeps<W>) {
    if (bell.sleeping.load(std::memory_order_seq_cst) == 0)
      return;  // pairs with the store in sleep_until
    if (bell.sleeping.exchange(0, std::memory_order_seq_cst) == 0) return;  // it woke by itself
    door.knock(bell);
  }
}

template <class Door>
void get_up(Bell& bell, [[maybe_unused]] Door& door) {
  if constexpr (Door::kCountsKnocks) {
    if (bell.sleeping.exchange(0, std::memory_order_relaxed) == 0) door.owed();
  } else {
    bell.sleeping.store(0, std::memory_order_relaxed);
  }
}

template <class Ready, class Door>
bool sleep_until(Bell& bell, std::optional<Deadline> deadline, Ready& ready, Door& door) {
  for (;;) {
    bell.sleeping.store(1, std::memory_order_seq_cst);  // pairs with the load in ring
    if (ready()) break;
    // The timer of a deadline that has passed would still be late by the timer slack.
    if ((deadline && passed(*deadline)) || !door.sleep(bell, deadline)) {
      get_up(bell, door);
      return ready();
    }
    get_up(bell, door);
    if (ready()) return true;
  }
  get_up(bell, door);
  return true;
}

// Spinning looks at the clock once in this many looks at the memory: a clock read is a third of a
// hand-off.
inline constexpr int kLooksPerClock = 32;

template <class Ready>
bool spin_until(std::optional<Deadline> deadline, Ready& ready, bool yield) {
  for (;;) {
    for (int look = 0; look < kLooksPerClock; ++look) {
      if (ready()) return true;
      if (yield) ::sched_yield();
    }
    if (deadline && passed(*deadline)) return ready();
  }
}

// False when the budget was spent first, or the deadline passed.
template <class Ready>
bool spin_for(std::uint64_t budget_ns, std::optional<Deadline> deadline, Ready& ready) {
  if (budget_ns == 0) return false;
  Deadline budget = deadline_in(budget_ns);
  if (deadline && deadline->monotonic_ns < budget.monotonic_ns) budget = *deadline;
  return spin_until(budget, ready, false);
}

// Waits until ready(), as the policy says; false when the deadline passed first. `sleep` is asked
// where the policy sleeps and when the budget is spent, of which Wait::block has none, and its
// answer is the answer. Spinning is without `pause`, which costs a quarter of a cross-core
// hand-off.
template <Wait W, class Ready, class Sleep>
bool wait_or(std::uint64_t spin_budget_ns, std::optional<Deadline> deadline, Ready& ready,
             Sleep sleep) {
  if constexpr (W == Wait::spin) return spin_until(deadline, ready, false);
  if constexpr (W == Wait::yield) return spin_until(deadline, ready, true);
  if constexpr (kSleeps<W>) return spin_for(spin_budget_ns, deadline, ready) || sleep();
}

// Waits at a bell; ready() must observe with kObserve<W>.
template <Wait W, class Ready, class Door = FutexDoor>
bool wait(Bell& bell, std::uint64_t spin_budget_ns, std::optional<Deadline> deadline, Ready ready,
          Door&& door = {}) {
  if (ready()) return true;
  return wait_or<W>(spin_budget_ns, deadline, ready,
                    [&] { return sleep_until(bell, deadline, ready, door); });
}

}  // namespace bell

}  // namespace ipcmark
