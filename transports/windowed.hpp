// A closed loop with several messages out at a time, and how many a channel holds.
#pragma once

#include <cstdint>
#include <span>

#include "transports/flow.hpp"
#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// Client: keeps `window` messages out until all are answered. The window fills during the lead and
// empties during the last messages, as many as the lead has: neither is stamped. kResponses:
// stamps are pairs instead, when each message was sent and when its answer had come.
template <Access A, bool kResponses, class E>
[[gnu::noinline]] void window(E& end, const Job& job, std::span<std::byte> message,
                              std::span<std::byte> reply, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t total = job.messages;
  std::uint64_t next_stamp = job.lead;
  if (!kResponses && job.lead == 0) stamp(tally), next_stamp = job.messages_each;
  for (std::uint64_t sent = 0, answered = 0; answered < total;) {
    for (; sent < total && sent - answered < job.window; ++sent) {
      if constexpr (kResponses) tally.stamps[2 * sent] = ticks::now();
      put<A>(end, message, care, key(job.first_sequence + sent));
    }
    const std::uint64_t sequence = job.first_sequence + answered;
    note(tally, take<A>(end, reply, care, key(sequence) ^ keystream::kReply, tally), sequence);
    ++answered;
    if constexpr (kResponses) {
      tally.stamps[2 * answered - 1] = ticks::now();
    } else if (answered == next_stamp && answered + job.lead <= total) {
      stamp(tally), next_stamp += job.messages_each;
    }
  }
  if constexpr (kResponses) tally.stamped += 2 * total;
  tally.messages += total;
}

// Fills a channel that nobody empties, up to job.messages; what is said of it is how many went in.
// Two stamps around Flow::kRefusals more attempts tell what a refusal costs, where it was full.
template <class E>
requires TriesSend<E>
[[gnu::noinline]] void fill(E& end, const Job& job, std::span<std::byte> message, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const auto fits = [&] {
    keystream::write(care, message, key(job.first_sequence + tally.messages));
    const bool gone = end.try_send(message);
    tally.messages += gone;
    return gone;
  };
  while (tally.messages < job.messages && fits()) {
  }
  if (tally.messages == job.messages) return;
  stamp(tally);
  for (std::uint64_t i = 0; i < Flow::kRefusals; ++i) {
    if (end.try_send(message)) ++tally.messages, ++tally.wrong;  // it had room and said it had none
  }
  stamp(tally);
}

}  // namespace ipcmark::patterns
