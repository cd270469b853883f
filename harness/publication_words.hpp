// Where published data lie, and the orders they are told of with.
#pragma once

#include <cstdint>

#include "harness/contended_words.hpp"

namespace ipcmark {

// Offsets within the shared memory. No two fields share a line, nor a pair of lines.
struct PublicationLayout {
  static constexpr std::uint64_t kFlag = 0;                // of a state; a ring's tail
  static constexpr std::uint64_t kAnswer = 128;            // of a state; a ring's head
  static constexpr std::uint64_t kData = 256;              // of a state
  static constexpr std::uint64_t kArrived[] = {512, 640};  // of a litmus test: by side
  static constexpr std::uint64_t kSeen = 4096;             // what the server saw, by cell
  static constexpr std::uint64_t kCells = 256;
  static constexpr std::uint64_t kCell = 8192;  // two words each
  static constexpr std::uint64_t kSlots = 4096;
  static constexpr std::uint64_t kMostSlots = 2048;
  static constexpr std::uint64_t kSlotBytes = 64;
  static constexpr std::uint64_t kBytes = kSlots + kMostSlots * kSlotBytes;
};
static_assert(PublicationLayout::kCell + PublicationLayout::kCells * 2 * kLineDistance <=
              PublicationLayout::kBytes);
static_assert(PublicationLayout::kSeen + PublicationLayout::kCells * sizeof(Word) <=
              PublicationLayout::kCell);

template <Publication P>
inline constexpr auto kStoreOrder = P == Publication::seq_cst           ? std::memory_order_seq_cst
                                    : P == Publication::release_acquire ? std::memory_order_release
                                                                        : std::memory_order_relaxed;
template <Publication P>
inline constexpr auto kLoadOrder = P == Publication::seq_cst           ? std::memory_order_seq_cst
                                   : P == Publication::release_acquire ? std::memory_order_acquire
                                                                       : std::memory_order_relaxed;

template <Publication P>
inline void fence() noexcept {
  if constexpr (P == Publication::fences) drain_stores();
}

// What was written before is there for whoever has seen `value`, if P promises it.
template <Publication P>
inline void publish(Word& flag, std::uint64_t value) noexcept {
  fence<P>();
  flag.store(value, kStoreOrder<P>);
}

template <Publication P>
inline void await(const Word& flag, std::uint64_t value) noexcept {
  while (flag.load(kLoadOrder<P>) != value) {
  }
  fence<P>();
}

// Whether a litmus test's weak outcome is ruled out by the language whatever the machine.
[[nodiscard]] constexpr bool forbids_weak(Structure test, Publication order) {
  const bool total = order == Publication::seq_cst || order == Publication::fences;
  return total || (test == Structure::message_passing && order == Publication::release_acquire);
}

}  // namespace ipcmark
