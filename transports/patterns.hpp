// The timed loops of closed loops and of streams; those of open loops, watched ones, of waiting, of
// windows and of dealing are in open_loop.hpp, watched.hpp, waiting.hpp, windowed.hpp and deal.hpp.
// Each pattern is written once, as a template over an end's inline send and recv; a transport
// cannot reach the clock, and nothing else reads it while messages move. Each is a function by
// itself: what it is compiled to depends on its end alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "transports/arrivals.hpp"
#include "transports/end.hpp"
#include "transports/keystream.hpp"
#include "transports/posix.hpp"
#include "transports/ticks.hpp"
#include "transports/transport.hpp"

namespace ipcmark::patterns {

using keystream::Care;
using keystream::key;

inline void stamp(Tally& tally) noexcept { tally.stamps[tally.stamped++] = ticks::now(); }

template <Access A, class E>
[[gnu::always_inline]] inline void put(E& end, std::span<std::byte> buffer, Care care,
                                       std::uint64_t key) {
  if constexpr (A == Access::in_place) {
    const auto slot = end.reserve(buffer.size());
    keystream::write(care, slot, key);
    end.commit(buffer.size());
  } else {
    keystream::write(care, buffer, key);
    end.send(buffer);
  }
}

// Whether as much came as was sent; counted apart, so that a mechanism that is wrong about sizes is
// told from one that is wrong about bytes.
[[nodiscard]] inline bool whole(Tally& tally, std::size_t got, std::size_t wanted) noexcept {
  if (got == wanted) [[likely]]
    return true;
  ++tally.wrong_lengths;
  return false;
}

template <Access A, class E>
[[nodiscard, gnu::always_inline]] inline bool take(E& end, std::span<std::byte> buffer, Care care,
                                                   std::uint64_t key, Tally& tally) {
  if constexpr (A == Access::in_place) {
    const auto message = end.peek(buffer.size());
    const bool right =
        whole(tally, message.size(), buffer.size()) && keystream::read(care, message, key);
    end.release();
    return right;
  } else {
    return whole(tally, end.recv(buffer), buffer.size()) && keystream::read(care, buffer, key);
  }
}

// One or more messages, and no more than there was room for: what lies behind is nobody's.
template <class E>
[[nodiscard]] inline std::size_t take_batch(E& end, const Batch& batch) {
  const std::size_t got = end.recv_batch(batch);
  if (got == 0 || got > batch.count) [[unlikely]] {
    throw std::runtime_error("recv_batch: returned " + std::to_string(got) +
                             " messages of at most " + std::to_string(batch.count));
  }
  return got;
}

// The sequence of the next message, whichever it is; kNever where its payload is not that one's.
template <Access A, class E>
[[nodiscard]] inline std::uint64_t take_any(E& end, std::span<std::byte> buffer, Care care) {
  const auto sequence_in = [&](std::span<const std::byte> message) {
    if (message.size() != buffer.size()) return kNever;
    const std::uint64_t sequence = keystream::sequence_of(message, 0);
    return keystream::read(care, message, key(sequence)) ? sequence : kNever;
  };
  if constexpr (A == Access::in_place) {
    const std::uint64_t sequence = sequence_in(end.peek(buffer.size()));
    end.release();
    return sequence;
  } else {
    const std::size_t got = end.recv(buffer);
    return got == buffer.size() ? sequence_in(buffer) : kNever;
  }
}

template <class E>
[[nodiscard]] inline bool take_until(E& end, std::span<std::byte> buffer, Care care,
                                     std::uint64_t key, std::uint64_t timeout_ns, Tally& tally) {
  return whole(tally, end.recv_until(buffer, deadline_in(timeout_ns)), buffer.size()) &&
         keystream::read(care, buffer, key);
}

// Closed loop, client: a message out, its reply back. messages_each = 1 times every operation; a
// larger one only windows of that many.
template <Access A, bool kTimed, class E>
[[gnu::noinline]] void ask(E& end, const Job& job, std::span<std::byte> message,
                           std::span<std::byte> reply, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  std::uint64_t sequence = job.first_sequence;
  const std::uint64_t last = sequence + job.messages;
  stamp(tally);
  while (sequence < last) {
    for (std::uint64_t i = 0; i < job.messages_each; ++i, ++sequence) {
      put<A>(end, message, care, key(sequence));
      const std::uint64_t want = key(sequence) ^ keystream::kReply;
      if constexpr (kTimed) {
        note(tally, take_until(end, reply, care, want, job.timeout_ns, tally), sequence);
      } else {
        note(tally, take<A>(end, reply, care, want, tally), sequence);
      }
    }
    stamp(tally);
  }
  tally.messages += job.messages;
}

// What the server does with the time is its own affair: it looks at the clock, since asleep it
// would add a wake-up to it.
inline void think(const Job& job, std::uint64_t sequence) noexcept {
  const std::uint64_t until = ticks::now() + job.intended[sequence % job.intended.size()];
  while (ticks::now() < until) {
  }
}

// Closed loop, server: reads what came, answers from another keystream, so that an echo cannot be
// faked by reading back what was written. kThinks: it takes a given time over each message.
template <Access A, bool kThinks, class E>
[[gnu::noinline]] void answer(E& end, const Job& job, std::span<std::byte> message,
                              std::span<std::byte> reply, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t last = job.first_sequence + job.messages;
  for (std::uint64_t sequence = job.first_sequence; sequence < last; ++sequence) {
    note(tally, take<A>(end, message, care, key(sequence), tally), sequence);
    if constexpr (kThinks) think(job, sequence);
    put<A>(end, reply, care, key(sequence) ^ keystream::kReply);
  }
  tally.messages += job.messages;
}

// One way, sender: its share of the messages, which are all of them where it is alone. In place,
// the end itself publishes once per batch.
template <Access A, class E>
[[gnu::noinline]] void pour(E& end, const Job& job, const Batch& batch, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t step = job.producers;
  std::uint64_t sequence = job.first_sequence + job.index;
  const std::uint64_t last = job.first_sequence + job.messages;
  tally.messages += job.messages / job.producers;
  if constexpr (A == Access::copy && Batches<E>) {
    if (batch.count > 1) {
      while (sequence < last) {
        Batch part = batch;
        part.count = std::min<std::uint64_t>(batch.count, (last - sequence + step - 1) / step);
        for (std::size_t i = 0; i < part.count; ++i, sequence += step) {
          keystream::write(care, part[i], key(sequence));
        }
        end.send_batch(part);
      }
      return;
    }
  }
  for (; sequence < last; sequence += step) put<A>(end, batch[0], care, key(sequence));
  if constexpr (Loans<E>) end.flush();
}

// One way, receiver; the clock of throughput is here: from the last byte of the lead to the last
// byte of all.
template <Access A, class E>
[[gnu::noinline]] void drain(E& end, const Job& job, const Batch& batch, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  std::uint64_t sequence = job.first_sequence;
  const std::uint64_t last = sequence + job.messages;
  std::uint64_t next_stamp = sequence + job.lead;
  if (job.lead == 0) stamp(tally), next_stamp += job.messages_each;
  while (sequence < last) {
    if constexpr (A == Access::copy && Batches<E>) {
      if (batch.count > 1) {
        Batch part = batch;
        part.count = std::min<std::uint64_t>(batch.count, next_stamp - sequence);
        const std::size_t got = take_batch(end, part);
        for (std::size_t i = 0; i < got; ++i, ++sequence) {
          note(tally, keystream::read(care, part[i], key(sequence)), sequence);
        }
        if (sequence == next_stamp) stamp(tally), next_stamp += job.messages_each;
        continue;
      }
    }
    for (; sequence < next_stamp; ++sequence) {
      note(tally, take<A>(end, batch[0], care, key(sequence), tally), sequence);
    }
    stamp(tally), next_stamp += job.messages_each;
  }
  if constexpr (Loans<E>) end.flush();
  tally.messages += job.messages;
}

// One way, one receiver of a mailbox: takes its share, whoever sent it. What a message must be is
// told by its own first word; that it is a new one of its producer is checked here, that no two
// receivers took the same one or none by the sums over all of them.
template <Access A, class E>
[[gnu::noinline]] void collect(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t share = job.messages / job.consumers;
  std::uint64_t next_stamp = job.lead / job.consumers;
  std::array<std::uint64_t, kMostRoles> next{};  // lowest position yet to come, by producer
  if (job.lead == 0) stamp(tally), next_stamp = job.messages_each / job.consumers;
  for (std::uint64_t taken = 0; taken < share;) {
    for (; taken < next_stamp; ++taken) {
      const std::uint64_t sequence = take_any<A>(end, buffer, care);
      const std::uint64_t offset = sequence - job.first_sequence;
      const std::uint64_t producer = offset % job.producers, position = offset / job.producers;
      const bool is_new = offset < job.messages && position >= next[producer];
      note(tally, is_new, taken);
      if (is_new) next[producer] = position + 1, tally.taken[producer].add(position);
    }
    stamp(tally), next_stamp += job.messages_each / job.consumers;
  }
  if constexpr (Loans<E>) end.flush();
  tally.messages += share;
}

// One way, receiver, where a message may be lost: which one came is read from its own keystream,
// which did not from the gaps. A stamp after each so many that arrived. Over when the last has
// come, or when nothing more comes and nobody sends any more.
template <class E>
[[gnu::noinline]] void drain_lossy(E& end, const Job& job, const Batch& batch, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  ArrivalsOfAll arrivals(job);
  std::uint64_t next_stamp = job.lead;
  if (job.lead == 0) stamp(tally), next_stamp = job.messages_each;
  while (!arrivals.complete()) {
    const bool silent = job.senders_done == nullptr ||
                        job.senders_done->load(std::memory_order_acquire) >= job.senders_awaited;
    Batch part = batch;
    part.count = std::min<std::uint64_t>(batch.count, next_stamp - arrivals.received());
    if (part.count > 1) {
      part.count = end.recv_batch_or_idle(part);
    } else {
      part.count = note_length(tally, end.recv_or_idle(part[0]), part.bytes);
    }
    if (part.count == 0 && silent) break;  // asked before the receive: what was sent had time
    for (std::size_t i = 0; i < part.count; ++i) {
      const std::uint64_t sequence = keystream::sequence_of(part[i], arrivals.expected());
      note(tally, arrivals.note(sequence) && keystream::read(care, part[i], key(sequence)),
           sequence);
    }
    if (arrivals.received() == next_stamp) stamp(tally), next_stamp += job.messages_each;
  }
  arrivals.finish(tally);
}

}  // namespace ipcmark::patterns
