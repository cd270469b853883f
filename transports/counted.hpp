// The classic bounded buffer on two counting semaphores, `items` and `spaces`: a Meeting of a
// ring's ends (bells.hpp). The ring's indices stay private to their ends; what the semaphores count
// is all that either knows of the other. Slots are given back a quarter of a ring at a time, so
// that a message costs one V and one P, and its producer starts with every slot in hand.
//
// A Sem has give(n), take() and take_until(deadline) that sleep, take_now() that does not, and
// take_more(most), what of `most` can be had at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "transports/bell.hpp"
#include "transports/ring_layout.hpp"

namespace ipcmark {

template <class Sem>
class Counted {
 public:
  static constexpr bool kTags = false;
  static constexpr bool kGivesWhenIdle = false;

  Counted() = default;
  Counted(Wait wait, Sem items, Sem spaces) : wait_(wait), items_(items), spaces_(spaces) {}

  void publish(RingControl&, std::uint64_t from, std::uint64_t to) { items_.give(to - from); }
  void give_back(RingControl&, std::uint64_t from, std::uint64_t to) { spaces_.give(to - from); }

  // Looking is taking, and taking is what await_published does.
  std::uint64_t published(RingControl&, std::uint64_t known) const { return known; }
  std::uint64_t await_published(RingControl&, std::uint64_t known, std::uint64_t spin_budget_ns,
                                std::optional<Deadline> deadline) {
    return known + (take(items_, spin_budget_ns, deadline) ? 1 : 0);
  }
  std::uint64_t more(std::uint64_t known, std::uint64_t wanted) {
    return known + items_.take_more(wanted - known);
  }
  std::uint64_t await_released(RingControl&, std::uint64_t known, std::uint64_t spin_budget_ns) {
    take(spaces_, spin_budget_ns, std::nullopt);
    return known + 1 + spaces_.take_more(kMostAtOnce);
  }

 private:
  static constexpr std::uint64_t kMostAtOnce = 32767;  // SEMVMX, the most a System V one holds

  bool take(Sem& sem, std::uint64_t spin_budget_ns, std::optional<Deadline> deadline) {
    const auto sleep = [&] {
      if (deadline) return sem.take_until(*deadline);
      sem.take();
      return true;
    };
    const auto taken = [&] { return sem.take_now(); };
    if (wait_ == Wait::block || wait_ == Wait::spin_then_block) {
      return bell::wait_or<Wait::block>(spin_budget_ns, deadline, taken, sleep);
    }
    return bell::spin_until(deadline, taken, wait_ == Wait::yield);
  }

  Wait wait_ = Wait::block;
  Sem items_, spaces_;
};

}  // namespace ipcmark
