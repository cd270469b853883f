// The timed loops of an open loop: messages come into being when a schedule says, whether or not
// the channel is ready for them. As in patterns.hpp, each is written once over an end's inline
// operations.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// Open loop, sender: message i exists from its intended time on, whether or not the channel was
// ready for it. A batch leaves when it is full or when its first message has waited for
// flush_ticks.
template <class E>
[[gnu::noinline]] void pace(E& end, const Job& job, const Batch& batch, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t total = job.messages;
  std::uint64_t arrived = 0;
  Batch part = batch;
  part.count = 0;
  std::uint64_t flush_at = kNever;
  while (ticks::now() < job.origin_ticks) {  // time is unsigned from here on
  }
  while (arrived < total || part.count > 0) {
    const std::uint64_t now = ticks::now() - job.origin_ticks;
    const bool no_more = arrived == total && job.flush_ticks == kNever;
    if (part.count == batch.count || now >= flush_at || (part.count > 0 && no_more)) {
      for (std::size_t i = 0; i < part.count; ++i) tally.stamps[tally.stamped++] = now;
      if constexpr (Batches<E>) {
        if (batch.count > 1) end.send_batch(part);
      }
      if (batch.count == 1) end.send(part[0]);
      ++tally.flushes;
      part.count = 0;
      flush_at = kNever;
    } else if (arrived < total && now >= job.intended[arrived]) {
      keystream::write(care, part[part.count], key(job.first_sequence + arrived));
      if (part.count == 0 && job.flush_ticks != kNever) {
        flush_at = job.intended[arrived] + job.flush_ticks;
      }
      ++part.count, ++arrived;
    }
  }
  tally.messages += total;
}

// Open loop, receiver: when each message had arrived whole.
template <class E>
[[gnu::noinline]] void absorb(E& end, const Job& job, const Batch& batch, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  for (std::uint64_t done = 0; done < job.messages;) {
    Batch part = batch;
    part.count = 1;
    if constexpr (Batches<E>) {
      if (batch.count > 1) {
        part.count = std::min<std::uint64_t>(batch.count, job.messages - done);
        part.count = take_batch(end, part);
      }
    }
    if (batch.count == 1) note(tally, whole(tally, end.recv(part[0]), part.bytes), done);
    const std::uint64_t now = ticks::now() - job.origin_ticks;
    for (std::size_t i = 0; i < part.count; ++i, ++done) {
      note(tally, keystream::read(care, part[i], key(job.first_sequence + done)), done);
      tally.stamps[tally.stamped++] = now;
    }
  }
  tally.messages += job.messages;
}

}  // namespace ipcmark::patterns
