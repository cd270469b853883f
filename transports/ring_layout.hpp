// Where the parts of a ring lie; both ends derive it from the shape alone, without talking.
//
//   tagged   not batched: each slot ends in a tag, its message's sequence and length. The consumer
//            polls the tag of the slot it will read, so up to 56 B a message costs one line
//            transfer, the bare hand-off; up to 24 B several messages share that line, which a
//            stream uses and a ping-pong does not mind. No index moves between the ends.
//   indexed  batched, or where something else than memory says what has arrived: slots
//            without tags, packed, and a published index on a line of its own. A batch is published
//            once; the consumer reads the index once for all that it covers.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

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
  // `may_tag`: that a slot was filled may be said by the slot itself.
  RingLayout(std::uint64_t message_bytes, const Shape& shape, bool may_tag = true)
      : tagged(may_tag && shape.batch <= 1), batch(shape.batch) {
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

}  // namespace ipcmark
