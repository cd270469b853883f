// A ring of slots in shared memory: one producer, one consumer, any wait policy, copied or in
// place. ring_layout.hpp says what lies where, bells.hpp how the ends come together.
//
// The free space is known by the consumer's index. Neither end touches that line for every message:
// the producer looks at it when the slots it knows to be free are used up, the consumer writes it a
// few times a turn, and before it waits. Written for every message it would make a full ring move
// in lockstep, one slot a transfer.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "transports/bells.hpp"
#include "transports/copy.hpp"
#include "transports/ring_layout.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

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
  [[nodiscard]] std::uint64_t slots_until_wrap(std::uint64_t position) const {
    return layout_.slots - (position & (layout_.slots - 1));
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

// Messages of one size from one row of places to another, in one copy where both lie as close.
inline void copy_run(std::byte* to, std::size_t to_stride, const std::byte* from,
                     std::size_t from_stride, std::size_t bytes, std::uint64_t n) {
  if (to_stride == from_stride) {
    std::memcpy(to, from, (n - 1) * from_stride + bytes);
    return;
  }
  for (; n > 0; --n, to += to_stride, from += from_stride) std::memcpy(to, from, bytes);
}

template <class Meeting>
class RingProducer {
 public:
  RingProducer() = default;
  RingProducer(RingView view, std::uint64_t spin_budget_ns, Meeting meeting = {})
      : view_(view),
        meeting_(std::move(meeting)),
        spin_budget_ns_(spin_budget_ns),
        free_until_(view.layout().slots) {}

  // Where the next message goes; waits for a free slot.
  [[gnu::always_inline]] std::span<std::byte> reserve(std::size_t n) {
    if (next_ == free_until_) [[unlikely]]
      wait_for_room();
    return {view_.slot(next_), n};
  }

  [[gnu::always_inline]] void commit(std::size_t n) {
    if constexpr (Meeting::kTags) {
      if (view_.layout().tagged) {
        // Pairs with the consumer's load of the same tag: payload before tag.
        view_.tag(view_.slot(next_)).store(RingView::tag_of(next_, n), Meeting::kPublishes);
        published_ = ++next_;
        meeting_.tagged(view_.control());
        return;
      }
    }
    view_.length(next_) = static_cast<std::uint32_t>(n);
    ++next_;
    if (next_ - published_ >= view_.layout().batch) publish();
  }

  [[gnu::always_inline]] void send(std::span<const std::byte> message) {
    const auto slot = reserve(message.size());
    copy_message(slot.data(), message.data(), message.size());
    commit(message.size());
  }

  // Whether reserve would not wait.
  [[nodiscard]] bool has_room() requires requires(Meeting m, RingControl c) { m.released(c); }
  {
    if (next_ == free_until_) free_until_ = meeting_.released(view_.control()) + slots();
    return next_ != free_until_;
  }

  // All messages of a batch, published once.
  void send(const Batch& batch) {
    if (view_.layout().tagged) {
      for (std::size_t i = 0; i < batch.count; ++i) send(batch[i]);
      return;
    }
    for (std::size_t sent = 0; sent < batch.count;) {
      reserve(batch.bytes);
      const auto n = std::min<std::uint64_t>(
          {batch.count - sent, free_until_ - next_, view_.slots_until_wrap(next_)});
      copy_run(view_.slot(next_), view_.layout().stride, batch[sent].data(), batch.stride,
               batch.bytes, n);
      std::fill_n(&view_.length(next_), n, static_cast<std::uint32_t>(batch.bytes));
      next_ += n;
      sent += n;
    }
    publish();
  }

  [[gnu::always_inline]] void publish() {
    if (published_ == next_) return;
    meeting_.publish(view_.control(), std::exchange(published_, next_), next_);
  }

  [[nodiscard]] std::uint64_t slots() const { return view_.layout().slots; }

 private:
  void wait_for_room() {
    publish();  // the consumer may be waiting for what is held back
    const auto released = free_until_ - slots();
    free_until_ = meeting_.await_released(view_.control(), released, spin_budget_ns_) + slots();
  }

  RingView view_;
  [[no_unique_address]] Meeting meeting_;
  std::uint64_t spin_budget_ns_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t free_until_ = 0;
};

template <class Meeting>
class RingConsumer {
 public:
  RingConsumer() = default;
  RingConsumer(RingView view, std::uint64_t spin_budget_ns, Meeting meeting = {})
      : view_(view),
        meeting_(std::move(meeting)),
        spin_budget_ns_(spin_budget_ns),
        hold_back_(std::max<std::uint64_t>(view.layout().slots / kGivesPerTurn, 1)) {}

  // The next message, where it lies; with a Deadline, empty when that passed first. A parameter
  // that is not there costs nothing: an empty optional was carried through memory by each message.
  template <std::same_as<Deadline>... Until>
  [[gnu::always_inline]] std::span<std::byte> peek(Until... deadline) {
    if constexpr (Meeting::kTags) {
      if (view_.layout().tagged) return peek_tagged(deadline...);
    }
    if (next_ == known_) {
      known_ = meeting_.published(view_.control(), next_);
      if (known_ == next_ && !wait(deadline...)) return {};
    }
    return {view_.slot(next_), view_.length(next_)};
  }

  [[gnu::always_inline]] void release() {
    ++next_;
    if (next_ - released_ >= hold_back_) give_back();
  }

  // The message's bytes, copied to the front of `buffer`; 0 when the deadline passed first.
  template <std::same_as<Deadline>... Until>
  [[gnu::always_inline]] std::size_t recv(std::span<std::byte> buffer, Until... deadline) {
    const auto message = peek(deadline...);
    if (message.empty()) return 0;
    copy_message(buffer.data(), message.data(), message.size());
    release();
    return message.size();
  }

  // At least one message, and of a batch's count what is there and of its size.
  std::size_t recv(const Batch& batch) {
    const auto first = peek();
    if (view_.layout().tagged || first.size() != batch.bytes) {
      recv(batch[0]);
      return 1;
    }
    if constexpr (requires { meeting_.more(known_, known_); }) {
      if (next_ + batch.count > known_) known_ = meeting_.more(known_, next_ + batch.count);
    }
    const std::uint32_t* lengths = &view_.length(next_);
    const auto there =
        std::min<std::uint64_t>({batch.count, known_ - next_, view_.slots_until_wrap(next_)});
    const auto* end =
        std::find_if(lengths, lengths + there, [&](auto length) { return length != batch.bytes; });
    const auto n = static_cast<std::uint64_t>(end - lengths);
    copy_run(batch.data, batch.stride, first.data(), view_.layout().stride, batch.bytes, n);
    next_ += n;
    if (Meeting::kGivesWhenIdle || next_ - released_ >= hold_back_) give_back();
    return n;
  }

  void give_back() {
    if (released_ == next_) return;
    meeting_.give_back(view_.control(), std::exchange(released_, next_), next_);
  }

 private:
  // A producer that waits is let go early enough to refill the ring before it runs empty.
  static constexpr std::uint64_t kGivesPerTurn = 4;

  template <class... Until>
  [[gnu::always_inline]] std::span<std::byte> peek_tagged(Until... deadline) {
    std::byte* slot = view_.slot(next_);
    RingLayout::Tag length = 0;  // what the tag holds beyond the sequence that is waited for
    const auto arrived = [&] {
      length = view_.tag(slot).load(Meeting::kObserves) - RingView::tag_of(next_, 0);
      return length >> 32 == 0;
    };
    if (!arrived()) {
      give_back();  // the producer may be waiting for the slots that are held back
      const std::optional<Deadline> until{deadline...};
      if (!meeting_.await_tag(view_.control(), spin_budget_ns_, until, arrived)) return {};
    }
    return {slot, length};
  }

  // Slots held back never keep a producer waiting for ever: they are a quarter of the ring at most.
  template <class... Until>
  bool wait(Until... deadline) {
    if constexpr (Meeting::kGivesWhenIdle) give_back();
    const std::optional<Deadline> until{deadline...};
    known_ = meeting_.await_published(view_.control(), next_, spin_budget_ns_, until);
    return known_ != next_;
  }

  RingView view_;
  [[no_unique_address]] Meeting meeting_;
  std::uint64_t spin_budget_ns_ = 0;
  std::uint64_t hold_back_ = 1;  // slots read before they are given back, while there is more
  std::uint64_t next_ = 0;
  std::uint64_t known_ = 0;
  std::uint64_t released_ = 0;
};

}  // namespace ipcmark
