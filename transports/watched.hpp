// The open loop of one message at a time, watched: how many messages are under way is counted apart
// from the stamps that say how long each took, so that Little's law is a check of both.
//
// The receiver publishes how many messages it has. The sender looks there at random times that know
// nothing of the messages, but only while it waits for the next intended time: inside a send, or
// while another program has its CPU, it cannot look, so the law is applied to the time that is
// left: the stamps of each send and its return, and jumps of its clock, tell which that is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "transports/end.hpp"
#include "transports/keystream.hpp"
#include "transports/patterns.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::patterns {

// The sender's waits. A gap begins when the wait does, when the look before has ended, and when a
// sender that was not running goes on: exponential gaps have no memory, so whatever was missed
// meanwhile need not be made up for.
class Looks {
 public:
  Looks(const Job& job, Tally& tally) : job_(job), tally_(tally) {}

  // Until message `sent` is due; `now` and what is returned are ticks since the origin.
  std::uint64_t wait(std::uint64_t now, std::uint64_t sent) {
    const std::uint64_t due = job_.intended[sent];
    if (now >= due) return now;
    std::uint64_t next = now + gap();
    while (now < due) {
      const bool looks = now >= next;
      if (looks) look(sent);
      const std::uint64_t later = ticks::now() - job_.origin_ticks;
      const bool was_away = later - now >= job_.away_ticks;
      if (was_away) [[unlikely]]
        note_away(now, later);
      if (looks || was_away) next = later + gap();
      now = later;
    }
    return now;
  }

 private:
  // Relaxed: only the number matters, nothing is read through it.
  void look(std::uint64_t sent) {
    const std::uint64_t under_way = sent - job_.received->load(std::memory_order_relaxed);
    ++tally_.looks;
    tally_.seen += under_way;
    tally_.seen_squares += under_way * under_way;
  }
  // Nobody looked meanwhile, and what was under way went on.
  void note_away(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t at = 2 * tally_.away++;
    if (at + 1 >= tally_.aways.size()) return;
    tally_.aways[at] = from, tally_.aways[at + 1] = to;
  }
  std::uint64_t gap() { return job_.look_gaps[used_++ % job_.look_gaps.size()]; }

  const Job& job_;
  Tally& tally_;
  std::size_t used_ = 0;
};

// Sender. One reading of the clock a message where it is late: the return of a send is the first
// look at whether the next message is due.
template <class E>
[[gnu::noinline]] void pace_watched(E& end, const Job& job, std::span<std::byte> message,
                                    Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  Looks looks(job, tally);
  while (ticks::now() < job.origin_ticks) {  // time is unsigned from here on
  }
  std::uint64_t now = ticks::now() - job.origin_ticks;
  for (std::uint64_t sent = 0; sent < job.messages; ++sent) {
    now = looks.wait(now, sent);
    tally.stamps[tally.stamped++] = now;
    keystream::write(care, message, key(job.first_sequence + sent));
    end.send(message);
    now = ticks::now() - job.origin_ticks;
    tally.stamps[tally.stamped++] = now;
  }
  tally.flushes += job.messages;
  tally.messages += job.messages;
}

// Receiver. What it has is published before it is stamped: a look that comes between sees the
// message gone no earlier than it arrived.
template <class E>
[[gnu::noinline]] void absorb_watched(E& end, const Job& job, std::span<std::byte> buffer,
                                      Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  const std::uint64_t before = tally.messages;
  for (std::uint64_t i = 0; i < job.messages; ++i) {
    const bool is_whole = whole(tally, end.recv(buffer), buffer.size());
    job.received->store(before + i + 1, std::memory_order_relaxed);
    tally.stamps[tally.stamped++] = ticks::now() - job.origin_ticks;
    note(tally, is_whole && keystream::read(care, buffer, key(job.first_sequence + i)), before + i);
  }
  tally.messages += job.messages;
}

}  // namespace ipcmark::patterns
