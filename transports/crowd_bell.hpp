// How several ends of shared memory wait for what any of several others may do.
//
// As in bell.hpp, who waits says so and looks again, who publishes looks for waiters afterwards;
// all four accesses are sequentially consistent, so at least one of the two sees the other.
// Everybody is woken: what one waiter cannot take yet, because an earlier slot is not ready,
// another must not have slept through.
#pragma once

#include <climits>

#include "transports/bell.hpp"

namespace ipcmark {

struct alignas(kLineDistance) CrowdBell {
  std::atomic<std::uint32_t> rings;     // what sleepers sleep on
  std::atomic<std::uint32_t> sleepers;  // ends that sleep or are about to
};
static_assert(sizeof(CrowdBell) == kLineDistance);

namespace crowd {

template <Wait W>
inline void ring(CrowdBell& bell) noexcept {
  if constexpr (kSleeps<W>) {
    if (bell.sleepers.load(std::memory_order_seq_cst) == 0) return;  // pairs with sleep_until
    bell.rings.fetch_add(1, std::memory_order_seq_cst);
    ::syscall(SYS_futex, &bell.rings, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }
}

// ready() both looks and takes: true at most once.
template <class Ready>
bool sleep_until(CrowdBell& bell, std::optional<Deadline> deadline, Ready& ready) noexcept {
  timespec until{};
  if (deadline) until = to_timespec(deadline->monotonic_ns);
  bell.sleepers.fetch_add(1, std::memory_order_seq_cst);  // pairs with the load in ring
  bool taken = false;
  for (bool late = false; !taken && !late;) {
    const std::uint32_t heard = bell.rings.load(std::memory_order_seq_cst);
    late = deadline && passed(*deadline);
    taken = ready();
    if (taken || late) break;
    ::syscall(SYS_futex, &bell.rings, FUTEX_WAIT_BITSET, heard, deadline ? &until : nullptr,
              nullptr, FUTEX_BITSET_MATCH_ANY);
  }
  bell.sleepers.fetch_sub(1, std::memory_order_relaxed);
  return taken;
}

// As bell::wait. The caller has looked once.
template <Wait W, class Ready>
bool wait(CrowdBell& bell, std::uint64_t spin_budget_ns, std::optional<Deadline> deadline,
          Ready& ready) noexcept {
  if constexpr (W == Wait::spin) return bell::spin_until(deadline, ready, false);
  if constexpr (W == Wait::yield) return bell::spin_until(deadline, ready, true);
  return bell::spin_for(spin_budget_ns, deadline, ready) || sleep_until(bell, deadline, ready);
}

}  // namespace crowd

}  // namespace ipcmark
