// The type-erased face of a channel: what the harness sees. One virtual call a phase, never one a
// message.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "transports/transport.hpp"

namespace ipcmark {

// What one end does in a phase. The client asks, pours, paces or expires; the server answers,
// drains or absorbs.
enum class Part { ask, answer, pour, drain, pace, absorb, expire };

// One phase, as both ends are told it.
struct Job {
  std::uint64_t messages = 0;  // in all
  std::uint64_t message_bytes = 0;
  std::uint64_t reply_bytes = 0;
  std::uint64_t messages_each = 1;  // a stamp after each so many
  std::uint64_t lead = 0;           // drain: messages before the first stamp
  std::uint64_t first_sequence = 0;
  std::uint32_t batch = 1;
  Touch touch = Touch::full;
  Access access = Access::copy;
  bool verify = false;                        // compare every byte instead of timing
  std::uint64_t timeout_ns = kNever;          // ask: recv_until; expire: how long to wait
  std::span<const std::uint64_t> intended{};  // pace: intended send times, ticks since origin
  std::uint64_t origin_ticks = 0;
  std::uint64_t flush_ticks = kNever;  // pace: a batch waits no longer than this
};

// What a phase leaves behind. `stamps` is a pre-faulted buffer of the harness; its meaning is the
// part's:
//   ask, drain   ticks, the first before the first window, then one after each window
//   absorb       ticks of each message's arrival
//   pace         ticks of each message's hand-over
//   expire       overshoot of each wait in ns, as int64
struct Tally {
  std::span<std::uint64_t> stamps{};
  std::uint64_t stamped = 0;
  std::uint64_t messages = 0;
  std::uint64_t flushes = 0;
  std::uint64_t wrong = 0;  // messages whose length or payload was not what was sent
  std::uint64_t first_wrong = 0;
  std::uint64_t wrong_lengths = 0;  // those of the wrong ones that were of another length
};

class End {
 public:
  End() = default;
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  virtual ~End() = default;

  // Before a rung, while the channel is quiet: the home end first, then the other. Maps,
  // initialises and touches.
  virtual void reshape(const Shape& shape) = 0;
  // Runs one phase; throws Unavailable where the mechanism lacks what the job asks for.
  virtual void run(Part part, const Job& job, Tally& tally) = 0;
  // Depth in effect, 0 where there are no slots.
  [[nodiscard]] virtual std::uint64_t slots() const = 0;
  // The buffer and the pages it has got, after reshape; 0 where there are none.
  [[nodiscard]] virtual std::uint64_t buffer_bytes() const = 0;
  [[nodiscard]] virtual std::uint64_t page_bytes() const = 0;
};

class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  [[nodiscard]] virtual std::unique_ptr<End> client(int index) = 0;
  [[nodiscard]] virtual std::unique_ptr<End> server(int index) = 0;
};

}  // namespace ipcmark
