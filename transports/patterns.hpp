// The only timed loops. Each pattern is written once, as a template over an end's inline send and
// recv; a transport cannot reach the clock, and nothing else reads it while messages move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "transports/end.hpp"
#include "transports/keystream.hpp"
#include "transports/posix.hpp"
#include "transports/ticks.hpp"
#include "transports/transport.hpp"

namespace ipcmark::patterns {

using keystream::Care;
using keystream::key;

inline void stamp(Tally& tally) noexcept { tally.stamps[tally.stamped++] = ticks::now(); }

inline void note(Tally& tally, bool right, std::uint64_t sequence) noexcept {
  if (right) [[likely]]
    return;
  if (tally.wrong++ == 0) tally.first_wrong = sequence;
}

template <Access A, class E>
inline void put(E& end, std::span<std::byte> buffer, Care care, std::uint64_t key) {
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
[[nodiscard]] inline bool take(E& end, std::span<std::byte> buffer, Care care, std::uint64_t key,
                               Tally& tally) {
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

template <class E>
[[nodiscard]] inline bool take_until(E& end, std::span<std::byte> buffer, Care care,
                                     std::uint64_t key, std::uint64_t timeout_ns, Tally& tally) {
  return whole(tally, end.recv_until(buffer, deadline_in(timeout_ns)), buffer.size()) &&
         keystream::read(care, buffer, key);
}

// Closed loop, client: a message out, its reply back. messages_each = 1 times every operation; a
// larger one only windows of that many.
template <Access A, bool kTimed, class E>
void ask(E& end, const Job& job, std::span<std::byte> message, std::span<std::byte> reply,
         Tally& tally) {
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

// Closed loop, server: reads what came, answers from another keystream, so that an echo cannot be
// faked by reading back what was written.
template <Access A, class E>
void answer(E& end, const Job& job, std::span<std::byte> message, std::span<std::byte> reply,
            Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t last = job.first_sequence + job.messages;
  for (std::uint64_t sequence = job.first_sequence; sequence < last; ++sequence) {
    note(tally, take<A>(end, message, care, key(sequence), tally), sequence);
    put<A>(end, reply, care, key(sequence) ^ keystream::kReply);
  }
  tally.messages += job.messages;
}

// One way, sender. In place, the end itself publishes once per batch.
template <Access A, class E>
void pour(E& end, const Job& job, const Batch& batch, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  std::uint64_t sequence = job.first_sequence;
  const std::uint64_t last = sequence + job.messages;
  if constexpr (A == Access::copy && Batches<E>) {
    if (batch.count > 1) {
      while (sequence < last) {
        Batch part = batch;
        part.count = std::min<std::uint64_t>(batch.count, last - sequence);
        for (std::size_t i = 0; i < part.count; ++i) {
          keystream::write(care, part[i], key(sequence++));
        }
        end.send_batch(part);
      }
      tally.messages += job.messages;
      return;
    }
  }
  for (; sequence < last; ++sequence) put<A>(end, batch[0], care, key(sequence));
  if constexpr (Loans<E>) end.flush();
  tally.messages += job.messages;
}

// One way, receiver; the clock of throughput is here: from the last byte of the lead to the last
// byte of all.
template <Access A, class E>
void drain(E& end, const Job& job, const Batch& batch, Tally& tally) {
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

// Open loop, sender: message i exists from its intended time on, whether or not the channel was
// ready for it. A batch leaves when it is full or when its first message has waited for
// flush_ticks.
template <class E>
void pace(E& end, const Job& job, const Batch& batch, Tally& tally) {
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
void absorb(E& end, const Job& job, const Batch& batch, Tally& tally) {
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

// Waits on an empty channel until the deadline passes; what is kept is how late each wait returned.
template <class E>
void expire(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally) {
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    const Deadline deadline = deadline_in(job.timeout_ns);
    note(tally, end.recv_until(buffer, deadline) == 0, i);
    tally.stamps[tally.stamped++] =
        static_cast<std::uint64_t>(monotonic_now() - deadline.monotonic_ns);
  }
  tally.messages += job.messages;
}

}  // namespace ipcmark::patterns
