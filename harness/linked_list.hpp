// A ring of nodes, one in each cache line, in an order that no prefetcher follows; its links are
// addresses, offsets from the list's start, or offsets from the node that has them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "harness/case.hpp"

namespace ipcmark {

struct alignas(64) ListNode {
  std::uint64_t link;   // offset32: the first four bytes
  std::uint64_t value;  // its place in the ring, to see that all were visited, and in order
};
inline constexpr std::size_t kListNodeBytes = sizeof(ListNode);

// The bytes of one step of a walk: `at` is where the walk is, `base` where the list begins here.
template <Pointers P>
[[nodiscard]] inline const ListNode* hop(const ListNode* at, const std::byte* base) noexcept {
  static_assert(P != Pointers::none);
  if constexpr (P == Pointers::raw) {
    return reinterpret_cast<const ListNode*>(at->link);
  } else if constexpr (P == Pointers::offset64) {
    return reinterpret_cast<const ListNode*>(base + at->link);
  } else if constexpr (P == Pointers::offset32) {
    std::uint32_t offset;
    std::memcpy(&offset, &at->link, sizeof offset);
    return reinterpret_cast<const ListNode*>(base + offset);
  } else {  // two's complement: an offset back wraps round
    return reinterpret_cast<const ListNode*>(reinterpret_cast<std::uintptr_t>(at) + at->link);
  }
}

// Goes on from `at`; what the nodes visited hold, added up.
template <Pointers P>
[[nodiscard]] inline std::uint64_t walk(const ListNode*& at, const std::byte* base,
                                        std::uint64_t hops) noexcept {
  std::uint64_t sum = 0;
  const ListNode* node = at;
  for (std::uint64_t i = 0; i < hops; ++i) {
    node = hop<P>(node, base);
    sum += node->value;
  }
  at = node;
  return sum;
}

// What a walk of so many hops from the first node of a ring adds up to.
[[nodiscard]] constexpr std::uint64_t walked_sum(std::uint64_t nodes, std::uint64_t hops) {
  const std::uint64_t rest = hops % nodes;
  return hops / nodes * (nodes * (nodes - 1) / 2) + rest * (rest + 1) / 2;
}

// Links the memory as a list that begins at `start` for whoever follows its addresses.
inline void link_list(std::span<std::byte> memory, Pointers kind, std::uintptr_t start) {
  const std::size_t nodes = memory.size() / kListNodeBytes;
  std::vector<std::uint64_t> order(nodes);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  std::shuffle(order.begin() + 1, order.end(), std::mt19937_64(1));  // begins with the first node
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::uint64_t here = order[i] * kListNodeBytes;
    const std::uint64_t next = order[(i + 1) % nodes] * kListNodeBytes;
    std::uint64_t link = next;
    if (kind == Pointers::raw) link = start + next;
    if (kind == Pointers::self_relative) link = next - here;
    const ListNode node{.link = link, .value = i};
    std::memcpy(&memory[here], &node, sizeof node);
    if (kind != Pointers::offset32) continue;
    const auto narrow = static_cast<std::uint32_t>(next);
    std::memcpy(&memory[here], &narrow, sizeof narrow);
  }
}

}  // namespace ipcmark
