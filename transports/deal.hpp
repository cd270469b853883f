// One or several producers deal messages out to one or several consumers for a given time, however
// many that makes. Timed by both: when each message was sent, and when it was taken.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "transports/flow.hpp"
#include "transports/patterns.hpp"

namespace ipcmark::patterns {

// The last message of all, one for each consumer: no sequence gets that far.
inline constexpr std::uint64_t kEndOfDeal = kNever - 1;

// A sender's side: whom the next message is for, and what happens when there is no room.
template <class E>
class Dealer {
 public:
  Dealer(std::span<E* const> queues, const Job& job, Tally& tally)
      : queues_(queues), job_(job), flow_(*job.flow), tally_(tally) {}

  // False when it is not gone: it was dropped, or everything is over.
  bool send(std::span<std::byte> message) {
    if (job_.sharing == Sharing::any) return send_to(*queues_[0], message);
    while (!over()) {
      const std::uint64_t before = flow_.done_by_all(job_.consumers);
      for (std::uint32_t i = 0; i < job_.consumers; ++i) {
        const std::uint32_t consumer = next_;
        next_ = (next_ + 1) % job_.consumers;
        if (has_credit(consumer) && offer(consumer, message)) {
          ++sent_[consumer];
          return true;
        }
      }
      const auto moved = [&] { return flow_.done_by_all(job_.consumers) != before; };
      if (!moved()) {
        crowd::wait<Wait::block>(flow_.progress, 0, deadline_in(Flow::kLookNs), moved);
      }
    }
    return false;
  }

  // Tells every consumer that nothing more comes; nothing holds it up but their slowness.
  void finish(std::span<std::byte> message, Care care) {
    keystream::write(care, message, key(kEndOfDeal));
    for (std::uint32_t consumer = 0; consumer < job_.consumers; ++consumer) {
      if (job_.sharing == Sharing::addressed) flow_.announce(consumer);
      queues_[job_.sharing == Sharing::own ? consumer : 0]->send(message);
    }
  }

 private:
  [[nodiscard]] bool over() const { return flow_.over(job_.duration_ticks); }
  [[nodiscard]] bool has_credit(std::uint32_t consumer) const {
    const auto done = flow_.consumers[consumer].done.load(std::memory_order_acquire);
    return job_.credits == 0 || sent_[consumer] - done < job_.credits;
  }

  // Into a queue of its own only where there is room: who waits for one consumer would keep the
  // others waiting. Into the common one there is one way.
  bool offer(std::uint32_t consumer, std::span<std::byte> message) {
    if (job_.sharing == Sharing::own && job_.consumers > 1)
      return try_to(*queues_[consumer], message);
    if (job_.sharing == Sharing::addressed) {
      while (flow_.announced.load(std::memory_order_relaxed) -
                 flow_.head.load(std::memory_order_acquire) >=
             Flow::kMostAddressed) {
        sleep_until(monotonic_now() + static_cast<std::int64_t>(Flow::kLookNs));
      }
      flow_.announce(consumer);
    }
    queues_[0]->send(message);
    return true;
  }

  bool send_to(E& end, std::span<std::byte> message) {
    if (job_.full == Full::block) return end.send(message), true;
    while (!try_to(end, message)) {
      if (job_.full == Full::drop) return ++tally_.lost, false;
      if (over()) return false;
    }
    return true;
  }

  bool try_to(E& end, std::span<std::byte> message) {
    if constexpr (TriesSend<E>) {
      if (end.try_send(message)) return true;
      ++tally_.refused;
      return false;
    } else {
      throw Unavailable("there is no try_send");
    }
  }

  std::span<E* const> queues_;
  const Job& job_;
  Flow& flow_;
  Tally& tally_;
  std::uint32_t next_ = 0;
  std::array<std::uint64_t, kMostRoles> sent_{};
};

// Sender: message k of producer p has sequence first_sequence + p + k * producers. At the end
// the first producer waits for the others, so that nothing comes behind the last message.
template <class E>
[[gnu::noinline]] void deal(std::span<E* const> queues, const Job& job,
                            std::span<std::byte> message, Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  Flow& flow = *job.flow;
  Dealer<E> dealer(queues, job, tally);
  const std::uint64_t share = job.messages / job.producers;
  const std::uint64_t last = flow.begin() + job.duration_ticks;
  std::uint64_t now = ticks::now();
  for (std::uint64_t k = 0;
       k < share && now < last && flow.ended.load(std::memory_order_acquire) == 0;
       now = ticks::now()) {
    keystream::write(care, message, key(job.first_sequence + job.index + k * job.producers));
    if (!dealer.send(message)) continue;
    tally.stamps[tally.stamped++] = now;
    tally.taken[job.index].add(k++);
  }
  flow.end(std::min(now, last));
  tally.messages += tally.taken[job.index].count;
  flow.finished.fetch_add(1, std::memory_order_acq_rel);
  if (job.index != 0) return;
  while (flow.finished.load(std::memory_order_acquire) < job.producers) {
    sleep_until(monotonic_now() + static_cast<std::int64_t>(Flow::kLookNs) / 10);
  }
  dealer.finish(message, care);
}

// How long a consumer is busy with a message: it sleeps, or has stopped for good. One that takes
// its messages in turn from a common queue takes what it has credits for while it is busy, since
// who would not look would hold up everybody behind.
class Slowness {
 public:
  explicit Slowness(const Job& job) : job_(job), flow_(*job.flow) {}

  // Before a message may be taken; true when one may.
  bool ready() {
    if (job_.sharing != Sharing::addressed) return true;
    if (pending_ > 0 && (passed({due_ns_}) || flow_.over(job_.duration_ticks))) finish_one();
    const std::int64_t look = monotonic_now() + static_cast<std::int64_t>(Flow::kLookNs);
    const std::int64_t until = pending_ > 0 ? std::min(look, due_ns_) : look;
    if (pending_ < std::max(job_.credits, 1u)) return flow_.await_turn(job_.index, {until});
    sleep_until(until);
    return false;
  }

  // After it was taken.
  void work() {
    if (job_.pause_ns == 0) return flow_.finish_one(job_.index);
    if (pending_++ == 0) due_ns_ = after(monotonic_now());
    if (job_.sharing == Sharing::addressed) return;
    while (!passed({due_ns_}) && !flow_.over(job_.duration_ticks)) {
      sleep_until(std::min(due_ns_, monotonic_now() + static_cast<std::int64_t>(Flow::kLookNs)));
    }
    finish_one();
  }

 private:
  [[nodiscard]] std::int64_t after(std::int64_t ns) const {
    constexpr std::uint64_t kLongest = 1ull << 60;  // stopped: three dozen years
    return ns + static_cast<std::int64_t>(std::min(job_.pause_ns, kLongest));
  }
  void finish_one() {
    --pending_;
    due_ns_ = after(due_ns_);
    flow_.finish_one(job_.index);
  }

  const Job& job_;
  Flow& flow_;
  std::uint32_t pending_ = 0;  // taken and not done with
  std::int64_t due_ns_ = 0;    // of the first of them
};

// Receiver. Its stamps are pairs: the number of the message since first_sequence, and when it was
// taken.
template <class E>
[[gnu::noinline]] void take_dealt(E& end, const Job& job, std::span<std::byte> buffer,
                                  Tally& tally) {
  const Care care = keystream::care(job.touch, job.verify);
  Slowness slowness(job);
  std::array<std::uint64_t, kMostRoles> next{};  // lowest position yet to come, by producer
  for (;;) {
    if (!slowness.ready()) continue;
    const std::uint64_t sequence = take_any<Access::copy>(end, buffer, care);
    if (job.sharing == Sharing::addressed) job.flow->pass_turn();
    if (sequence == kEndOfDeal) return;
    const std::uint64_t offset = sequence - job.first_sequence;
    const std::uint64_t producer = offset % job.producers, position = offset / job.producers;
    const bool is_new = offset < job.messages && position >= next[producer];
    note(tally, is_new, tally.messages++);
    if (is_new) {
      next[producer] = position + 1, tally.taken[producer].add(position);
      tally.stamps[tally.stamped++] = offset;
      tally.stamps[tally.stamped++] = ticks::now();
    }
    slowness.work();
  }
}

}  // namespace ipcmark::patterns
