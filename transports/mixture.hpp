// The timed loops of an open loop whose messages differ in size. The sizes are drawn before the
// loop and known to both ends, so that a receiver can tell a wrong one; where a message ends, the
// mechanism must tell it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// Sender: as `pace`, one message at a time. With an origin of 0 every message is due, and this is
// how fast the channel takes them.
template <class E>
[[gnu::noinline]] void pace_sizes(E& end, const Job& job, std::span<std::byte> room, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  while (ticks::now() < job.origin_ticks) {  // time is unsigned from here on
  }
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    while (ticks::now() - job.origin_ticks < job.intended[i]) {
    }
    const auto message = room.first(job.sizes[i]);
    keystream::write(care, message, key(job.first_sequence + i));
    tally.stamps[tally.stamped++] = ticks::now() - job.origin_ticks;
    end.send(message);
  }
  tally.flushes += job.messages;
  tally.messages += job.messages;
}

// Receiver: with room for the largest, whichever comes.
template <class E>
[[gnu::noinline]] void absorb_sizes(E& end, const Job& job, std::span<std::byte> room,
                                    Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    const std::size_t got = end.recv(room);
    tally.stamps[tally.stamped++] = ticks::now() - job.origin_ticks;
    const bool right = whole(tally, got, job.sizes[i]) &&
                       keystream::read(care, room.first(got), key(job.first_sequence + i));
    note(tally, right, job.first_sequence + i);
  }
  tally.messages += job.messages;
}

}  // namespace ipcmark::patterns
