// What the open loop's sender itself costs a message: the very loop, on an end that does nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "transports/ticks.hpp"
#include "transports/watched.hpp"

namespace ipcmark {

inline constexpr std::uint64_t kDryMessages = 4096;

class DryEnd {
 public:
  void send(std::span<const std::byte> message) {
    asm volatile("" : : "r"(message.data()) : "memory");  // the payload was written for somebody
  }
};

// Ticks for kDryMessages that are all due at once: clock, schedule, stamps and the payload.
[[nodiscard]] inline std::uint64_t dry_ticks(const Job& asked, std::span<std::uint64_t> stamps) {
  const std::vector<std::uint64_t> due(kDryMessages, 0), gaps(1, 0);
  std::atomic<std::uint64_t> received{0};
  std::vector<std::byte> message(asked.message_bytes);
  DryEnd end;
  const auto pass = [&] {
    Job job = asked;
    job.messages = kDryMessages;
    job.intended = due, job.look_gaps = gaps, job.received = &received;
    job.origin_ticks = ticks::now();
    Tally tally{.stamps = stamps};
    patterns::pace_watched(end, job, message, tally);
    return ticks::now() - job.origin_ticks;
  };
  pass();  // the first one warms up
  return pass();
}

}  // namespace ipcmark
