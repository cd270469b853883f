// A lock-free stack in shared memory, with a counter beside its top or without one, to see what the
// counter is for. Nodes are named by number: both sides map them wherever they like.
#pragma once

#include <atomic>
#include <cstdint>

#include "harness/wide_exchange.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

using StackWord = std::atomic<std::uint64_t>;

struct alignas(64) StackNode {
  StackWord next;
  StackWord holders;  // who has taken it: one at most, or the stack is broken
};

// Small, so that a node is back soon.
inline constexpr std::uint64_t kStackNodes = 8;
inline constexpr std::uint64_t kNoNode = kStackNodes;

struct alignas(kLineDistance) StackMemory {
  StackWord top[2];
  alignas(kLineDistance) StackWord clients_turn;
  alignas(kLineDistance) StackWord servers_turn;
  StackWord servers_word;
  alignas(kLineDistance) StackNode nodes[kStackNodes];
};

// What a pop has seen, and what must not have changed when it is done.
struct StackTop {
  std::uint64_t node = kNoNode;
  std::uint64_t count = 0;  // how often the top has changed, as far as the counter reaches
};

// none: a node's number alone. narrow: up to 32 bits of counter in the same word. wide: a word of
// its own, and both are exchanged at once.
enum class Counter { none, narrow, wide };
[[nodiscard]] constexpr Counter counter_of(std::uint64_t bits) {
  return bits == 0 ? Counter::none : bits <= 32 ? Counter::narrow : Counter::wide;
}

template <Counter C>
class TaggedStack {
 public:
  TaggedStack(StackMemory& memory, std::uint64_t bits)
      : memory_(memory), mask_(bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1) {}

  // The nodes in order, none of them taken; while nobody else looks.
  void rebuild() noexcept {
    for (std::uint64_t i = 0; i < kStackNodes; ++i) {
      memory_.nodes[i].next.store(i + 1, std::memory_order_relaxed);
      memory_.nodes[i].holders.store(0, std::memory_order_relaxed);
    }
    memory_.top[0].store(0, std::memory_order_relaxed);
    memory_.top[1].store(0, std::memory_order_relaxed);
  }

  // Pairs with the exchange: a node that is seen on top has its next.
  [[nodiscard]] StackTop top() const noexcept {
    if constexpr (C == Counter::wide) {
      // The count first: one that is older than the node fails the exchange.
      const std::uint64_t count = memory_.top[1].load(std::memory_order_acquire);
      return {memory_.top[0].load(std::memory_order_acquire), count};
    } else {
      const std::uint64_t word = memory_.top[0].load(std::memory_order_acquire);
      if constexpr (C == Counter::none) return {word, 0};
      return {word & kNodeMask, word >> kCountShift};
    }
  }

  // Makes `node` the top if it is still what was seen: which the counter alone can tell.
  [[nodiscard]] bool exchange(const StackTop& seen, std::uint64_t node) noexcept {
    if constexpr (C == Counter::wide) {
      return exchange_wide(memory_.top, {seen.node, seen.count}, {node, seen.count + 1});
    } else {
      std::uint64_t expected = seen.node | seen.count << kCountShift;
      const std::uint64_t count = C == Counter::none ? 0 : (seen.count + 1) & mask_;
      return memory_.top[0].compare_exchange_strong(expected, node | count << kCountShift,
                                                    std::memory_order_acq_rel,
                                                    std::memory_order_relaxed);
    }
  }

  [[nodiscard]] std::uint64_t next_of(std::uint64_t node) const noexcept {
    return memory_.nodes[node].next.load(std::memory_order_acquire);
  }

  // kNoNode where there is none.
  [[nodiscard]] std::uint64_t pop() noexcept {
    for (;;) {
      const StackTop seen = top();
      if (seen.node == kNoNode || exchange(seen, next_of(seen.node))) return seen.node;
    }
  }

  void push(std::uint64_t node) noexcept {
    for (;;) {
      const StackTop seen = top();
      memory_.nodes[node].next.store(seen.node, std::memory_order_release);
      if (exchange(seen, node)) return;
    }
  }

 private:
  static constexpr std::uint64_t kCountShift = 32;
  static constexpr std::uint64_t kNodeMask = 0xFFFFFFFF;

  StackMemory& memory_;
  std::uint64_t mask_;
};

}  // namespace ipcmark
