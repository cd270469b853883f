// What the two sides of a contended line share, where each field lies, and the operations on a
// word.
#pragma once

#include <atomic>
#include <cstdint>

#include "harness/case.hpp"
#include "transports/delay.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free);

// Offsets within the contended memory, from the start of a page. The fields that a case is about
// lie below kAck; what the sides need besides lies where it shares no line, nor a pair of lines,
// with them.
struct ContendedLayout {
  static constexpr std::uint64_t kFarthest = 512;  // of the second field from the first
  static constexpr std::uint64_t kAck = 1024;      // a consumer's answer
  static constexpr std::uint64_t kSlots = 4096;    // of a ring
  static constexpr std::uint64_t kMostSlots = 4096;
  static constexpr std::uint64_t kBytes = kSlots + kMostSlots * sizeof(std::uint64_t);

  std::uint64_t first = 0;   // the client's word; x_state; head
  std::uint64_t second = 0;  // the peer's word; x_pstamp; tail

  [[nodiscard]] static ContendedLayout of(const Case& point) {
    return {point.offset_bytes, point.offset_bytes + point.distance_bytes};
  }
};
static_assert(64 + ContendedLayout::kFarthest + sizeof(Word) + kLineDistance <=
              ContendedLayout::kAck);

// How the sides tell each other what happens, in memory of its own: never on a contended line.
struct ContendedControl {
  enum Mode : std::uint64_t { parked, solo, contended, over };
  struct alignas(kLineDistance) Line {
    Word word;
  };
  Line mode;    // the client's: what the peer is to do
  Line acting;  // the peer's: what it does
  Line done;    // operations of the peer; stored after each burst
  Line gaps;    // bursts of the peer that took longer than anything legal
};

// A chain between two operations. What an operation read goes into the chain, and the chain into
// the next operation's address (times a zero that the compiler cannot see): each waits for the
// other, so the time of an operation cannot hide in the pause.
struct Pause {
  std::uint64_t steps = 0;
  std::uint64_t link = 3;
  std::uint64_t zero = 0;

  explicit Pause(std::uint64_t chain_steps) : steps(chain_steps) { asm volatile("" : "+r"(zero)); }
  void pass(std::uint64_t read) noexcept {
    std::uint64_t local =
        link + read;  // in a register: through memory a step takes three times as long
    delay_chain(local, steps);
    link = local;
  }
  [[nodiscard]] Word& through(Word& word) const noexcept {
    return *reinterpret_cast<Word*>(reinterpret_cast<std::uintptr_t>(&word) + (link & zero));
  }
};

// All earlier stores of this CPU are seen by all others before it goes on, reading a clock
// included: arm64's dmb, which is what a fence compiles to, would let all but memory accesses go
// on.
inline void drain_stores() noexcept {
#if defined(__x86_64__)
  asm volatile("mfence" ::: "memory");
#elif defined(__aarch64__)
  asm volatile("dsb ish" ::: "memory");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// One operation; what it read. A store keeps count itself, so that the word holds how many there
// were whatever the operation.
template <Operation O>
[[nodiscard]] inline std::uint64_t operate(Word& word, std::uint64_t& count) noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  ++count;
  if constexpr (O == Operation::store) {
    word.store(count, kRelaxed);
    return 0;
  } else if constexpr (O == Operation::increment) {
    const std::uint64_t read = word.load(kRelaxed);
    word.store(read + 1, kRelaxed);
    return read;
  } else if constexpr (O == Operation::locked_increment) {
    return word.fetch_add(1, kRelaxed);
  } else if constexpr (O == Operation::compare_exchange) {
    std::uint64_t read = word.load(kRelaxed);
    while (!word.compare_exchange_strong(read, read + 1, kRelaxed)) {
    }
    return read;
  } else {  // fenced_store
    const std::uint64_t read = word.load(kRelaxed);
    word.store(read + 1, kRelaxed);
    drain_stores();
    return read;
  }
}

// `n` operations, each after a pause where there is one.
template <Operation O>
inline void operations(Word& word, Pause& pace, std::uint64_t n, std::uint64_t& total) noexcept {
  std::uint64_t count = total;  // in a register: a store of its own would stand between the others
  if (pace.steps == 0) {
    for (std::uint64_t i = 0; i < n; ++i) {
      std::uint64_t read = operate<O>(word, count);
      asm volatile("" : "+r"(read));
    }
  } else {
    for (std::uint64_t i = 0; i < n; ++i) pace.pass(operate<O>(pace.through(word), count));
  }
  total = count;
}

}  // namespace ipcmark
