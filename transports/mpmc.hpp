// A bounded queue in shared memory for any number of producers and consumers.
//
// Each slot has a turn (Vyukov): a producer may write slot p when its turn is p, a consumer may
// read it when its turn is p + 1, and gives it to the next lap's producer with p + slots. Positions
// are claimed by compare-and-swap, so the ends meet on two lines that move between all of them; a
// slot's own line moves once each way. Who is stopped between claim and turn stops the queue behind
// it.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "transports/copy.hpp"
#include "transports/crowd_bell.hpp"
#include "transports/ring_layout.hpp"

namespace ipcmark {

// Both sides derive it from the shape alone.
struct MpmcLayout {
  std::uint64_t slots = 0;  // a power of two
  std::size_t stride = 0;
  std::size_t slots_at = 0;
  std::size_t bytes = 0;

  MpmcLayout() = default;
  MpmcLayout(std::uint64_t message_bytes, std::uint32_t depth);
  // Enough for every shape whose sizes are not above this one's.
  [[nodiscard]] static std::size_t room(std::uint64_t widest_bytes, std::uint32_t depth);
};

struct MpmcControl {
  RingIndex next_in;   // claimed by producers
  RingIndex next_out;  // claimed by consumers
  CrowdBell consumers, producers;
};

struct MpmcSlot {
  std::atomic<std::uint64_t> turn;
  std::uint64_t length;
  [[nodiscard]] std::byte* payload() { return reinterpret_cast<std::byte*>(this + 1); }
};

inline MpmcLayout::MpmcLayout(std::uint64_t message_bytes, std::uint32_t depth)
    // Slots do not share lines: their owners are others than their neighbours'.
    : stride(RingLayout::round_up(sizeof(MpmcSlot) + message_bytes, RingLayout::kLine)),
      slots_at(RingLayout::round_up(sizeof(MpmcControl), 4096)) {
  const std::uint64_t fit =
      std::clamp<std::uint64_t>(RingLayout::kDefaultBytes / stride, 2, RingLayout::kMostSlots);
  slots = std::bit_ceil(std::max<std::uint64_t>(2, depth == 0 ? fit : depth));
  bytes = RingLayout::round_up(slots_at + slots * stride, 4096);
}

inline std::size_t MpmcLayout::room(std::uint64_t widest_bytes, std::uint32_t depth) {
  const MpmcLayout asked(widest_bytes, depth);
  // Below the widest there may be more slots, of kDefaultBytes and what rounding up adds.
  return std::max(asked.bytes, asked.slots_at + 2 * RingLayout::kDefaultBytes + 4096);
}

template <Wait W>
class MpmcQueue {
 public:
  MpmcQueue() = default;
  MpmcQueue(std::byte* at, const MpmcLayout& layout, std::uint64_t spin_budget_ns)
      : at_(at), layout_(layout), spin_budget_ns_(spin_budget_ns) {}

  // One end's part, while the channel is quiet.
  void initialise() const {
    new (at_) MpmcControl{};
    for (std::uint64_t i = 0; i < layout_.slots; ++i) {
      slot(i).turn.store(i, std::memory_order_relaxed);
    }
  }

  void send(std::span<const std::byte> message) {
    std::uint64_t position = 0;
    const auto claimed = [&] { return claim(control().next_in, 0, position); };
    if (!claimed()) crowd::wait<W>(control().producers, spin_budget_ns_, std::nullopt, claimed);
    put(message, position);
  }

  bool try_send(std::span<const std::byte> message) {
    std::uint64_t position = 0;
    if (!claim(control().next_in, 0, position)) return false;
    put(message, position);
    return true;
  }

  // 0 when the deadline passed first.
  std::size_t recv(std::span<std::byte> buffer, std::optional<Deadline> deadline = std::nullopt) {
    std::uint64_t position = 0;
    const auto claimed = [&] { return claim(control().next_out, 1, position); };
    if (!claimed() && !crowd::wait<W>(control().consumers, spin_budget_ns_, deadline, claimed)) {
      return 0;
    }
    MpmcSlot& mine = slot(position);
    const std::size_t length = mine.length;
    copy_message(buffer.data(), mine.payload(), std::min(length, buffer.size()));
    mine.turn.store(position + layout_.slots, kPublish<W>);  // pairs with a producer's claim
    crowd::ring<W>(control().producers);
    return length;
  }

  [[nodiscard]] std::uint64_t slots() const { return layout_.slots; }

 private:
  void put(std::span<const std::byte> message, std::uint64_t position) {
    MpmcSlot& mine = slot(position);
    mine.length = message.size();
    copy_message(mine.payload(), message.data(), message.size());
    mine.turn.store(position + 1, kPublish<W>);  // pairs with a consumer's claim: payload first
    crowd::ring<W>(control().consumers);
  }

  [[nodiscard]] MpmcControl& control() const { return *reinterpret_cast<MpmcControl*>(at_); }
  [[nodiscard]] MpmcSlot& slot(std::uint64_t position) const {
    const std::uint64_t i = position & (layout_.slots - 1);
    return *reinterpret_cast<MpmcSlot*>(at_ + layout_.slots_at + i * layout_.stride);
  }

  // Takes the next position whose slot has come to the turn `position + ahead`; false when the slot
  // is still another's.
  bool claim(RingIndex& index, std::uint64_t ahead, std::uint64_t& position) const {
    position = index.position.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t turn = slot(position).turn.load(kObserve<W>);
      const auto lag = static_cast<std::int64_t>(turn - (position + ahead));
      if (lag < 0) return false;
      if (lag > 0) {  // somebody else was faster
        position = index.position.load(std::memory_order_relaxed);
      } else if (index.position.compare_exchange_weak(position, position + 1,
                                                      std::memory_order_relaxed)) {
        return true;
      }
    }
  }

  std::byte* at_ = nullptr;
  MpmcLayout layout_;
  std::uint64_t spin_budget_ns_ = 0;
};

}  // namespace ipcmark
