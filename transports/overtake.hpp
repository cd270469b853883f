// The timed loops of an urgent message and a backlog. Round by round the sender fills the channel
// with ordinary messages and an urgent one while nobody reads; then the receiver takes all of them,
// and its own clock says how long the urgent one had to wait, and how long the rest.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// How long a sender may take for a backlog. One that does not fit would block it for ever, since
// nobody reads before it is complete.
inline constexpr std::uint64_t kFillNs = 1'000'000'000;

// Types of System V's: the ordinary one between an urgent one that is lower and one that is higher.
inline constexpr long kLowType = 1, kOrdinaryType = 5, kHighType = 9;

[[nodiscard]] inline long urgent_type(Precedence precedence) noexcept {
  return precedence == Precedence::type_lowest ? kLowType : kHighType;
}

// What a receiver asks for: of its own accord the urgent type first, then the ordinary one.
[[nodiscard]] inline long wanted_type(Precedence precedence, bool first) noexcept {
  if (precedence == Precedence::type_first) return 0;
  if (precedence == Precedence::type_own) return first ? kHighType : kOrdinaryType;
  return -kHighType;
}

template <class E, class Send>
void fill_rounds(E& end, const Job& job, std::span<std::byte> message, Tally& tally, Send send) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t rounds = job.messages / (job.backlog + 1);
  std::uint64_t sequence = job.first_sequence;
  for (std::uint64_t round = job.first_round; round < job.first_round + rounds; ++round) {
    while (job.turns->drained.load(std::memory_order_acquire) != round) ::sched_yield();
    stamp(tally);
    for (std::uint64_t i = 0; i < job.backlog; ++i, ++sequence) {
      keystream::write(care, message, key(sequence));
      send(end, message, false);
      job.turns->sent.store(i + 1, std::memory_order_relaxed);
    }
    stamp(tally);
    keystream::write(care, message, key(sequence++));
    send(end, message, true);
    stamp(tally);
    job.turns->filled.store(round + 1, std::memory_order_release);  // pairs with await_backlog
  }
  tally.messages += job.messages;
}

// Throws Unavailable where the sender is stuck: a backlog that does not fit is refused.
inline void await_backlog(const Job& job, std::uint64_t round) {
  const Deadline deadline = deadline_in(kFillNs);
  while (job.turns->filled.load(std::memory_order_acquire) != round + 1) {
    if (passed(deadline)) {
      const auto sent = job.turns->sent.load(std::memory_order_relaxed);
      throw Unavailable("a backlog of " + std::to_string(job.backlog) + " messages of " +
                        std::to_string(job.message_bytes) +
                        " B does not fit: the sender had sent " + std::to_string(sent) +
                        " after 1 s");
    }
    ::sched_yield();
  }
}

// Which of the messages is the urgent one, it says itself; that each came once, the sum of them.
template <class E, class Receive>
void drain_rounds(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally,
                  Receive receive) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t each = job.backlog + 1, rounds = job.messages / each;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint64_t first = job.first_sequence + round * each, urgent = first + job.backlog;
    std::uint64_t sum = 0;
    await_backlog(job, job.first_round + round);
    stamp(tally);
    for (std::uint64_t i = 0; i < each; ++i) {
      const std::size_t got = receive(end, buffer, i == 0);
      const std::uint64_t sequence = keystream::sequence_of(buffer, first);
      if (sequence == urgent) stamp(tally), tally.positions += i + 1;
      sum += sequence - first;
      note(tally, whole(tally, got, buffer.size()) && keystream::read(care, buffer, key(sequence)),
           first + i);
    }
    stamp(tally);
    note(tally, sum == job.backlog * each / 2, first);
    job.turns->drained.store(job.first_round + round + 1, std::memory_order_release);
  }
  tally.messages += job.messages;
}

// False where the end has not what the precedence needs.
template <class E>
[[nodiscard]] bool overtake(E& end, const Job& job, std::span<std::byte> message, Tally& tally) {
  if (job.precedence == Precedence::fifo) {
    return fill_rounds(end, job, message, tally, [](E& to, auto m, bool) { to.send(m); }), true;
  }
  if constexpr (Prioritises<E>) {
    if (job.precedence != Precedence::priority) return false;
    fill_rounds(end, job, message, tally,
                [](E& to, auto m, bool urgent) { to.send_priority(m, urgent ? 1 : 0); });
    return true;
  } else if constexpr (Types<E>) {
    if (job.precedence == Precedence::priority) return false;
    const long type = urgent_type(job.precedence);
    fill_rounds(end, job, message, tally, [type](E& to, auto m, bool urgent) {
      to.send_type(m, urgent ? type : kOrdinaryType);
    });
    return true;
  }
  return false;
}

template <class E>
[[nodiscard]] bool give_way(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally) {
  const bool plain = job.precedence == Precedence::fifo || job.precedence == Precedence::priority;
  if (plain) {
    return drain_rounds(end, job, buffer, tally, [](E& in, auto b, bool) { return in.recv(b); }),
           true;
  }
  if constexpr (Types<E>) {
    drain_rounds(end, job, buffer, tally, [&job](E& in, auto b, bool first) {
      return in.recv_type(b, wanted_type(job.precedence, first));
    });
    return true;
  }
  return false;
}

}  // namespace ipcmark::patterns
