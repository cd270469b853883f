// The shared memory of a hybrid: slots that the sender fills and the receiver gives back in order.
// Where a message lies is told through the queue; only the giving back is here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "transports/bell.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

struct ArenaControl {
  RingIndex released;  // written by the receiver
  Bell sender_bell;
};

struct ArenaLayout {
  static constexpr std::size_t kControl = 4096;
  static constexpr std::uint64_t kMostSlots = 64;

  std::uint64_t slots = 2;
  std::size_t stride = 64;

  ArenaLayout() = default;
  ArenaLayout(std::uint64_t message_bytes, std::uint32_t depth) {
    stride = RingLayout::round_up(std::max<std::size_t>(message_bytes, 1), RingLayout::kLine);
    slots = depth != 0
                ? depth
                : std::clamp<std::uint64_t>(RingLayout::kDefaultBytes / stride, 2, kMostSlots);
  }
  [[nodiscard]] std::size_t bytes() const { return kControl + slots * stride; }
  // Enough for every message up to this size.
  [[nodiscard]] static std::size_t room(std::uint64_t message_bytes, std::uint32_t depth) {
    const std::size_t slot = RingLayout::round_up(std::max<std::size_t>(message_bytes, 1), 4096);
    return kControl +
           std::max<std::size_t>(RingLayout::kDefaultBytes + 4096, std::max(depth, 2u) * slot);
  }
};

// One direction, seen by either end through its own mapping.
class Arena {
 public:
  Arena() = default;
  Arena(std::byte* at, const ArenaLayout& layout, Wait wait, std::uint64_t spin_budget_ns)
      : at_(at), layout_(layout), wait_(wait), spin_budget_ns_(spin_budget_ns) {}

  void initialise() { std::memset(at_, 0, sizeof(ArenaControl)); }
  void touch(std::size_t room) { prefault({at_, room}, layout_.bytes()); }

  // Sender: where the next message goes; waits for a slot that the receiver has given back.
  std::span<std::byte> reserve(std::size_t n) {
    if (taken_ == free_until_) [[unlikely]]
      await_slot();
    return {slot(taken_), n};
  }
  // Sender: the offset to tell, and on to the next.
  std::uint64_t commit() { return static_cast<std::uint64_t>(slot(taken_++) - at_); }

  // Receiver; a wrong offset from the queue is an error, never a wild read.
  std::span<std::byte> at(std::uint64_t offset, std::uint64_t n) const {
    if (offset < ArenaLayout::kControl || n > layout_.stride || offset + n > layout_.bytes()) {
      throw std::system_error(EBADMSG, std::generic_category(),
                              "hybrid: descriptor outside the arena");
    }
    return {at_ + offset, n};
  }
  // Receiver: the oldest slot is free again.
  void release() {
    auto& position = control().released.position;  // pairs with await_slot
    if (wait_ == Wait::spin || wait_ == Wait::yield) {
      position.store(++released_, kPublish<Wait::spin>);
    } else {
      position.store(++released_, kPublish<Wait::block>);
      bell::ring<Wait::block>(control().sender_bell);
    }
  }

  [[nodiscard]] std::uint64_t slots() const { return layout_.slots; }

 private:
  // Looked at here and not a template's parameter: beside each message is a system call of the
  // queue's.
  void await_slot() {
    if (wait_ == Wait::spin) return await_slot<Wait::spin>();
    if (wait_ == Wait::yield) return await_slot<Wait::yield>();
    await_slot<Wait::block>();
  }
  template <Wait W>
  void await_slot() {
    bell::wait<W>(control().sender_bell, spin_budget_ns_, std::nullopt, [this] {
      free_until_ = control().released.position.load(kObserve<W>) + layout_.slots;
      return taken_ != free_until_;
    });
  }
  [[nodiscard]] ArenaControl& control() const { return *reinterpret_cast<ArenaControl*>(at_); }
  [[nodiscard]] std::byte* slot(std::uint64_t position) const {
    return at_ + ArenaLayout::kControl + position % layout_.slots * layout_.stride;
  }

  std::byte* at_ = nullptr;
  ArenaLayout layout_;
  Wait wait_ = Wait::block;
  std::uint64_t spin_budget_ns_ = 0;
  std::uint64_t taken_ = 0, released_ = 0;
  std::uint64_t free_until_ = layout_.slots;
};

}  // namespace ipcmark
