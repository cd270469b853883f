// What a mechanism makes of priorities and types: untimed, so apart from the timed loops.
#pragma once

#include <span>

#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// Sends messages of the ranks given into a channel that has room for all of them.
template <class E>
requires Prioritises<E> || Types<E>
void rank(E& end, const Job& job, std::span<std::byte> message, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    keystream::write(care, message, key(job.first_sequence + i));
    if constexpr (Prioritises<E>) {
      end.send_priority(message, static_cast<unsigned>(job.ranks[i]));
    } else {
      end.send_type(message, job.ranks[i]);
    }
  }
  tally.messages += job.messages;
}

// Receives them in the mechanism's order, or by the types asked for.
template <class E>
requires Prioritises<E> || Types<E>
void pick(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    std::size_t got = 0;
    if constexpr (Types<E>) {
      got = end.recv_type(buffer, job.ranks[i]);
    } else {
      got = end.recv(buffer);
    }
    const std::uint64_t sequence = keystream::sequence_of(buffer, 0);
    note(tally, got == buffer.size() && keystream::read(care, buffer, key(sequence)), i);
    tally.stamps[tally.stamped++] = sequence;
  }
  tally.messages += job.messages;
}

}  // namespace ipcmark::patterns
