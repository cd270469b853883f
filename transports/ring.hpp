// A ring of slots in shared memory: one producer, one consumer, any wait policy, copied or in
// place.
//
// Two layouts, chosen by the shape alone so that both ends agree without talking:
//
//   tagged   not batched: each slot ends in a tag, its message's sequence and length. The consumer
//            polls the tag of the slot it will read, so up to 56 B a message costs one line
//            transfer, the bare hand-off; up to 24 B several messages share that line, which a
//            stream uses and a ping-pong does not mind. No index moves between the ends.
//   indexed  batched: slots without tags, packed, and a published index on a line of its own. A
//            batch is published once; the consumer reads the index once for all that it covers.
//
// The free space is known by the consumer's index in both. Neither end touches that line for every
// message: the producer looks at it when the slots it knows to be free are used up, the consumer
// writes it a few times a turn, and before it waits. Written for every message it would make a full
// ring move in lockstep, one slot a transfer.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "transports/bell.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

struct alignas(kLineDistance) RingIndex {
  std::atomic<std::uint64_t> position;
};
static_assert(sizeof(RingIndex) == kLineDistance);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct RingControl {
  RingIndex published;  // written by the producer
  RingIndex released;   // written by the consumer
  Bell consumer_bell;
  Bell producer_bell;
};

struct RingLayout {
  static constexpr std::size_t kLine = 64;
  using Tag = std::uint64_t;
  static constexpr std::size_t kLinePayload = kLine - sizeof(Tag);
  // Default bytes in flight: above a common L2, so that a written line has moved on to the shared
  // cache when the peer asks for it; fetched out of the other core's L2 it takes twice as long. A
  // fixed number, not this machine's L2, so that two machines measure the same ring.
  static constexpr std::size_t kDefaultBytes = 1024 * 1024;
  static constexpr std::size_t kMostSlots = 1024;

  bool tagged = false;
  std::uint64_t slots = 0;  // a power of two
  std::uint64_t batch = 1;
  std::size_t stride = 0;
  std::size_t lengths_at = 0;
  std::size_t slots_at = 0;
  std::size_t bytes = 0;

  RingLayout() = default;
  RingLayout(std::uint64_t message_bytes, const Shape& shape)
      : tagged(shape.batch <= 1), batch(shape.batch) {
    stride = tagged ? tagged_stride(message_bytes) : packed_stride(message_bytes);
    const std::uint64_t fit = std::clamp<std::uint64_t>(kDefaultBytes / stride, 2, kMostSlots);
    const std::uint64_t asked = shape.depth == 0 ? fit : shape.depth;
    slots = std::bit_ceil(std::max<std::uint64_t>({2, asked, 2 * batch}));
    lengths_at = sizeof(RingControl);
    slots_at = round_up(lengths_at + slots * sizeof(std::uint32_t), 4096);
    bytes = round_up(slots_at + slots * stride, 4096);
  }

  // Enough for every shape whose sizes are not above this one's.
  [[nodiscard]] static std::size_t room(std::uint64_t message_bytes, const Shape& widest) {
    const std::uint64_t deepest =
        std::bit_ceil(std::max<std::uint64_t>({2, std::uint64_t{2} * widest.batch, widest.depth}));
    const std::uint64_t most = std::max(deepest, kMostSlots * 1ul);
    return round_up(sizeof(RingControl) + most * sizeof(std::uint32_t), 4096) +
           std::max(2 * kDefaultBytes, deepest * round_up(message_bytes + sizeof(Tag), kLine)) +
           4096;
  }

  [[nodiscard]] static constexpr std::size_t round_up(std::size_t n, std::size_t unit) {
    return (n + unit - 1) / unit * unit;
  }

 private:
  // A slot never crosses a line that it could stay within: the tag travels with the payload.
  static std::size_t tagged_stride(std::uint64_t message_bytes) {
    const std::size_t whole = message_bytes + sizeof(Tag);
    return whole <= kLine ? std::bit_ceil(std::max(whole, 2 * sizeof(Tag)))
                          : round_up(whole, kLine);
  }
  // Small messages are packed, eight bytes apart at the least; larger ones start on a line.
  static std::size_t packed_stride(std::uint64_t message_bytes) {
    return round_up(std::max<std::size_t>(message_bytes, 1),
                    message_bytes < kLine ? sizeof(std::uint64_t) : kLine);
  }
};

// What both ends share of a ring, seen through one end's own mapping.
class RingView {
 public:
  RingView() = default;
  RingView(std::byte* at, const RingLayout& layout) : at_(at), layout_(layout) {}

  [[nodiscard]] RingControl& control() const { return *reinterpret_cast<RingControl*>(at_); }
  [[nodiscard]] const RingLayout& layout() const { return layout_; }
  [[nodiscard]] std::byte* slot(std::uint64_t position) const {
    return at_ + layout_.slots_at + (position & (layout_.slots - 1)) * layout_.stride;
  }
  [[nodiscard]] std::uint32_t& length(std::uint64_t position) const {
    return reinterpret_cast<std::uint32_t*>(at_ +
                                            layout_.lengths_at)[position & (layout_.slots - 1)];
  }
  // Of the message at a position: the sequence's low half (a slot's last tag was another turn's,
  // so half is enough), then the length.
  [[nodiscard]] static RingLayout::Tag tag_of(std::uint64_t position, std::size_t n) {
    return (position + 1) << 32 | n;
  }
  [[nodiscard]] std::atomic<RingLayout::Tag>& tag(std::byte* slot) const {
    return *reinterpret_cast<std::atomic<RingLayout::Tag>*>(slot + layout_.stride -
                                                            sizeof(RingLayout::Tag));
  }
  // The home end's part, while the channel is quiet. Of slots only the tags are state.
  void initialise() const {
    std::memset(at_, 0, layout_.slots_at);
    if (!layout_.tagged) return;
    for (std::uint64_t i = 0; i < layout_.slots; ++i) {
      tag(slot(i)).store(0, std::memory_order_relaxed);
    }
  }

 private:
  std::byte* at_ = nullptr;
  RingLayout layout_;
};

template <Wait W>
class RingProducer {
 public:
  RingProducer() = default;
  RingProducer(RingView view, std::uint64_t spin_budget_ns)
      : view_(view), spin_budget_ns_(spin_budget_ns), free_until_(view.layout().slots) {}

  // Where the next message goes; waits for a free slot.
  std::span<std::byte> reserve(std::size_t n) {
    if (next_ == free_until_) [[unlikely]]
      wait_for_room();
    return {view_.slot(next_), n};
  }

  void commit(std::size_t n) {
    if (view_.layout().tagged) {
      // Pairs with the consumer's load of the same tag: payload before tag.
      view_.tag(view_.slot(next_)).store(RingView::tag_of(next_, n), kPublish<W>);
      published_ = ++next_;
      bell::ring<W>(view_.control().consumer_bell);
      return;
    }
    view_.length(next_) = static_cast<std::uint32_t>(n);
    ++next_;
    if (next_ - published_ >= view_.layout().batch) publish();
  }

  void send(std::span<const std::byte> message) {
    const auto slot = reserve(message.size());
    std::memcpy(slot.data(), message.data(), message.size());
    commit(message.size());
  }

  void publish() {
    if (published_ == next_) return;
    published_ = next_;
    view_.control().published.position.store(next_,
                                             kPublish<W>);  // pairs with ready() of the consumer
    bell::ring<W>(view_.control().consumer_bell);
  }

  [[nodiscard]] std::uint64_t slots() const { return view_.layout().slots; }

 private:
  void wait_for_room() {
    publish();  // the consumer may be waiting for what is held back
    auto& control = view_.control();
    bell::wait<W>(control.producer_bell, spin_budget_ns_, std::nullopt, [&] {
      free_until_ = control.released.position.load(kObserve<W>) + slots();
      return next_ != free_until_;
    });
  }

  RingView view_;
  std::uint64_t spin_budget_ns_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t free_until_ = 0;
};

template <Wait W>
class RingConsumer {
 public:
  RingConsumer() = default;
  RingConsumer(RingView view, std::uint64_t spin_budget_ns)
      : view_(view),
        spin_budget_ns_(spin_budget_ns),
        hold_back_(std::max<std::uint64_t>(view.layout().slots / kGivesPerTurn, 1)) {}

  // The next message, where it lies; empty when the deadline passed first.
  std::span<std::byte> peek(std::optional<Deadline> deadline = std::nullopt) {
    if (view_.layout().tagged) {
      std::byte* slot = view_.slot(next_);
      RingLayout::Tag length = 0;  // what the tag holds beyond the sequence that is waited for
      const auto arrived = [&] {
        length = view_.tag(slot).load(kObserve<W>) - RingView::tag_of(next_, 0);
        return length >> 32 == 0;
      };
      if (!arrived() && !wait(deadline, arrived)) return {};
      return {slot, length};
    }
    if (next_ == known_) {
      const auto arrived = [&] {
        known_ = view_.control().published.position.load(kObserve<W>);
        return known_ != next_;
      };
      if (!arrived() && !wait(deadline, arrived)) return {};
    }
    return {view_.slot(next_), view_.length(next_)};
  }

  void release() {
    ++next_;
    if (next_ - released_ >= hold_back_) give_back();
  }

  // The message's bytes, copied to the front of `buffer`; 0 when the deadline passed first.
  std::size_t recv(std::span<std::byte> buffer, std::optional<Deadline> deadline = std::nullopt) {
    const auto message = peek(deadline);
    if (message.empty()) return 0;
    std::memcpy(buffer.data(), message.data(), message.size());
    release();
    return message.size();
  }

  // Whether peek would return at once.
  [[nodiscard]] bool has_message() const { return !view_.layout().tagged && next_ != known_; }

  void give_back() {
    if (released_ == next_) return;
    released_ = next_;
    view_.control().released.position.store(next_, kPublish<W>);  // pairs with wait_for_room
    bell::ring<W>(view_.control().producer_bell);
  }

 private:
  // A producer that waits is let go early enough to refill the ring before it runs empty.
  static constexpr std::uint64_t kGivesPerTurn = 4;

  template <class Arrived>
  bool wait(std::optional<Deadline> deadline, Arrived& arrived) {
    give_back();  // the producer may be waiting for the slots that are held back
    return bell::wait<W>(view_.control().consumer_bell, spin_budget_ns_, deadline, arrived);
  }

  RingView view_;
  std::uint64_t spin_budget_ns_ = 0;
  std::uint64_t hold_back_ = 1;  // slots read before they are given back, while there is more
  std::uint64_t next_ = 0;
  std::uint64_t known_ = 0;
  std::uint64_t released_ = 0;
};

}  // namespace ipcmark
