// The timed loops in which time itself is the subject: a receiver that looks at intervals, one that
// waits in vain, a client that asks again, and one that finds itself alone. As in patterns.hpp,
// each is written once over an end's inline operations.
#pragma once

#include <time.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>

#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// A deadline that has always passed: recv_until then only looks.
inline constexpr Deadline kNow{};

// Open loop, receiver that looks at fixed times, `poll_interval_ns` apart, and takes what is there.
// A look that the timer made so late that it fell upon the next ones stands for all of them.
template <class E>
[[gnu::noinline]] void glance(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const auto interval = static_cast<std::int64_t>(job.poll_interval_ns);
  std::int64_t next = monotonic_now();
  for (std::uint64_t done = 0;; sleep_until(next)) {
    while (done < job.messages) {
      const std::size_t got = end.recv_until(buffer, kNow);
      if (got == 0) break;
      tally.stamps[tally.stamped++] = ticks::now() - job.origin_ticks;
      note(tally,
           whole(tally, got, buffer.size()) &&
               keystream::read(care, buffer, key(job.first_sequence + done)),
           done);
      ++done;
    }
    ++tally.looks;
    if (done == job.messages) break;
    const std::int64_t late = monotonic_now() - next;
    next += (late / interval + 1) * interval;
  }
  tally.messages += job.messages;
}

// Waits on an empty channel until the deadline passes; what is kept is how late each wait returned.
template <class E>
[[gnu::noinline]] void expire(E& end, const Job& job, std::span<std::byte> buffer, Tally& tally) {
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    const Deadline deadline = deadline_in(job.timeout_ns);
    note(tally, end.recv_until(buffer, deadline) == 0, i);
    tally.stamps[tally.stamped++] =
        static_cast<std::uint64_t>(monotonic_now() - deadline.monotonic_ns);
  }
  tally.messages += job.messages;
}

// Closed loop, client that would ask again each time its patience ends, which begins before it
// asks, as its response times do. It only counts: a message that was really sent again would have
// to be told from the first by every mechanism.
template <class E>
[[gnu::noinline]] void retry(E& end, const Job& job, std::span<std::byte> message,
                             std::span<std::byte> reply, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t last = job.first_sequence + job.messages;
  stamp(tally);
  for (std::uint64_t sequence = job.first_sequence; sequence < last; ++sequence) {
    const bool endless = job.timeout_ns == kNever;
    Deadline patience = deadline_in(endless ? 0 : job.timeout_ns);
    put<Access::copy>(end, message, care, key(sequence));
    const std::uint64_t before = tally.expired;
    std::size_t got = 0;
    while ((got = endless ? end.recv(reply) : end.recv_until(reply, patience)) == 0) {
      ++tally.expired;
      patience.monotonic_ns += static_cast<std::int64_t>(job.timeout_ns);
    }
    tally.late += tally.expired != before;
    note(tally,
         whole(tally, got, reply.size()) &&
             keystream::read(care, reply, key(sequence) ^ keystream::kReply),
         sequence);
    stamp(tally);
  }
  tally.messages += job.messages;
}

// Closed loop, client whose peer will not answer for ever: asks until a reply does not come in
// time, or until an operation fails. `messages` counts the replies.
template <class E>
[[gnu::noinline]] void detect(E& end, const Job& job, std::span<std::byte> message,
                              std::span<std::byte> reply, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  for (std::uint64_t sequence = job.first_sequence;; ++sequence) {
    try {
      const Deadline patience = deadline_in(job.timeout_ns);
      put<Access::copy>(end, message, care, key(sequence));
      const std::size_t got = end.recv_until(reply, patience);
      if (got == 0) break;
      note(tally,
           whole(tally, got, reply.size()) &&
               keystream::read(care, reply, key(sequence) ^ keystream::kReply),
           sequence);
    } catch (const std::system_error& gone) {
      tally.noticed_errno = gone.code().value();
      break;
    }
    ++tally.messages;
  }
  stamp(tally);
}

}  // namespace ipcmark::patterns
