// What several ends share while messages are dealt out for a time: when it began and is over, whose
// message lies at the head of a common queue, and how much each consumer has done. Lies in shared
// memory, zero at the start; never the path that is measured.
//
// What a sleeper waits for is written, and looked at, sequentially consistent, as crowd_bell.hpp
// asks: released only, the look for sleepers may pass it (in x86's store buffer; under RCpc loads
// on arm64), both sides miss each other, and the sleeper stays down until its deadline.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "transports/crowd_bell.hpp"
#include "transports/ticks.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

struct Flow {
  // Of a common queue nobody is further ahead of its head than this.
  static constexpr std::uint64_t kMostAddressed = 1 << 16;
  // Sleepers look this often whether it is over.
  static constexpr std::uint64_t kLookNs = 1'000'000;

  static constexpr std::uint64_t kRefusals = 64;  // timed together, of a full channel

  struct alignas(kLineDistance) Consumer {
    std::atomic<std::uint64_t> done;  // messages it has finished with: its credits come back
  };

  std::atomic<std::uint64_t> began;     // ticks of the first message; 0 before
  std::atomic<std::uint64_t> ended;     // ticks, once it is over: nothing later counts
  std::atomic<std::uint32_t> finished;  // producers that send no more
  CrowdBell progress;                   // a consumer has done something
  CrowdBell turns;                      // another message is at the head
  alignas(kLineDistance) std::atomic<std::uint64_t> announced;  // addresses written
  alignas(kLineDistance) std::atomic<std::uint64_t> head;       // messages taken
  std::array<Consumer, kMostRoles> consumers;
  std::array<std::atomic<std::uint8_t>, kMostAddressed> to;

  // The time of the first message of all, which is now if there was none.
  std::uint64_t begin() noexcept {
    std::uint64_t none = 0;
    const std::uint64_t now = ticks::now();
    return began.compare_exchange_strong(none, now, std::memory_order_acq_rel) ? now : none;
  }
  // Over for everybody; the first who says so is right.
  void end(std::uint64_t at) noexcept {
    std::uint64_t none = 0;
    ended.compare_exchange_strong(none, at, std::memory_order_acq_rel);
  }
  [[nodiscard]] bool over(std::uint64_t duration_ticks) const noexcept {
    if (ended.load(std::memory_order_acquire) != 0) return true;
    const std::uint64_t from = began.load(std::memory_order_acquire);
    return from != 0 && ticks::now() - from >= duration_ticks;
  }

  [[nodiscard]] std::uint64_t done_by_all(std::uint32_t consumers_count) const noexcept {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < consumers_count; ++i) {
      sum += consumers[i].done.load(std::memory_order_seq_cst);
    }
    return sum;
  }
  // A consumer has finished with a message.
  void finish_one(std::uint32_t consumer) noexcept {
    consumers[consumer].done.fetch_add(1, std::memory_order_seq_cst);
    crowd::ring<Wait::block>(progress);
  }

  // Says for whom the next message of the common queue is, before it goes in: a mechanism may hand
  // it over from hand to hand.
  void announce(std::uint32_t consumer) noexcept {
    const std::uint64_t at = announced.load(std::memory_order_relaxed);
    to[at % kMostAddressed].store(static_cast<std::uint8_t>(consumer), std::memory_order_relaxed);
    announced.store(at + 1, std::memory_order_seq_cst);  // pairs with has_turn
    crowd::ring<Wait::block>(turns);
  }
  [[nodiscard]] bool has_turn(std::uint32_t consumer) const noexcept {
    const std::uint64_t at = head.load(std::memory_order_seq_cst);
    return announced.load(std::memory_order_seq_cst) > at &&
           to[at % kMostAddressed].load(std::memory_order_relaxed) == consumer;
  }
  // Its message is taken: the next one is at the head.
  void pass_turn() noexcept {
    head.fetch_add(1, std::memory_order_seq_cst);
    crowd::ring<Wait::block>(turns);
  }
  // True when it is this consumer's turn, false when the deadline passed first.
  bool await_turn(std::uint32_t consumer, Deadline until) noexcept {
    const auto mine = [&] { return has_turn(consumer); };
    return mine() || crowd::wait<Wait::block>(turns, 0, until, mine);
  }
};

}  // namespace ipcmark
