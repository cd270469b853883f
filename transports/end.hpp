// The type-erased face of a channel: what the harness sees. One virtual call a phase, never one a
// message.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "transports/taken.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

class End;
struct Flow;

// What one end does in a phase. The client asks, pours, paces, expires, outlives its peer
// (`detect`), keeps a window or deals; the server answers, drains, absorbs or takes. rank and pick
// show what a mechanism makes of priorities and types, untimed; fill, how many messages a channel
// holds; to overtake and to give way is to send an urgent message into a backlog, and to take all
// of it.
enum class Part {
  ask,
  answer,
  pour,
  drain,
  pace,
  absorb,
  expire,
  rank,
  pick,
  detect,
  window,
  fill,
  deal,
  take,
  overtake,
  give_way
};

// Whose turn it is where a backlog is built up before it is taken; in shared memory. Counts of
// rounds, and of the ordinary messages sent.
struct Turns {
  alignas(kLineDistance) std::atomic<std::uint64_t> filled;
  alignas(kLineDistance) std::atomic<std::uint64_t> drained;
  alignas(kLineDistance) std::atomic<std::uint64_t> sent;
};

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
  bool verify = false;                 // compare every byte instead of timing
  std::uint64_t timeout_ns = kNever;   // ask, detect: recv_until; expire: how long to wait
  bool retries = false;                // ask: a reply that is late is counted, and awaited again
  bool thinks = false;                 // answer: takes the time `intended` says before it replies
  std::uint64_t poll_interval_ns = 0;  // absorb: looks only so often, asleep in between; 0: waits
  // pace: intended send times, ticks since origin; answer: ticks to think, message after message
  std::span<const std::uint64_t> intended{};
  std::uint64_t origin_ticks = 0;  // 0: all of them are due
  bool mixed = false;              // pace: message i has sizes[i] bytes
  std::span<const std::uint32_t> sizes{};
  std::uint64_t flush_ticks = kNever;  // pace: a batch waits no longer than this
  // Pace and absorb one message at a time, the number under way being watched: the receiver
  // publishes in `received` how many it has, the sender looks there after each of these gaps, over
  // and over.
  std::atomic<std::uint64_t>* received = nullptr;
  std::span<const std::uint64_t> look_gaps{};
  std::uint64_t away_ticks = kNever;  // a sender whose clock jumps by this much was not running
  std::uint64_t stall_ns = 0;         // answer, absorb: how long the harness stops it in its midst
  // rank: the priority or type of each message; pick: the type that each receive asks for.
  std::span<const long> ranks{};
  // overtake: rounds of `backlog` messages and an urgent one; first_round counts on over the
  // phases.
  std::uint64_t backlog = 0;
  Precedence precedence = Precedence::none;
  Turns* turns = nullptr;
  std::uint64_t first_round = 0;
  // Drain of a lossy transport: how many parts their senders have finished, and how many will have
  // been when nobody sends any more. Without it, nothing for kIdleNs is the end.
  const std::atomic<std::uint32_t>* senders_done = nullptr;
  std::uint32_t senders_awaited = 0;
  // A mailbox: every client pours an equal share of `messages` and every server drains one; so are
  // `messages_each` and `lead` shared. Client p sends first_sequence + p, then every producers-th
  // sequence after it, so that a message names who sent it.
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint32_t index = 0;  // of this client or server among its like

  std::uint32_t window = 1;  // window: messages out at a time
  bool responses = false;    // window: stamps are of each message
  // deal and take: until the time is over, or `messages` are gone.
  Flow* flow = nullptr;
  std::uint64_t duration_ticks = 0;
  Sharing sharing = Sharing::any;
  Full full = Full::block;
  std::uint32_t credits = 0;          // messages out for each consumer; 0: any number
  std::uint64_t pause_ns = 0;         // take: how long this consumer is busy with each message
  std::span<End* const> queues = {};  // deal: one for each consumer, ends of this end's own kind

  [[nodiscard]] bool shared() const { return producers > 1 || consumers > 1; }
};

// What a phase leaves behind. `stamps` is a pre-faulted buffer of the harness; its meaning is the
// part's:
//   ask, drain   ticks, the first before the first window, then one after each window
//   absorb       ticks of each message's arrival
//   pace         ticks of each message's hand-over; watched, also of the call's return
//   expire       overshoot of each wait in ns, as int64
//   detect       ticks when the peer was given up
//   pick         sequence of each message, in the order received
//   window       as ask; with job.responses pairs: sent and answered, of each message
//   fill         ticks before and after kRefusals refusals, where it was full
//   deal         ticks of each message's sending
//   take         pairs: the message's number, ticks of its taking
//   overtake     ticks, three a round: before the backlog is sent, before and after the urgent one
//   give_way     ticks, three a round: before the first is received, after the urgent one, after
//   all
struct Tally {
  std::span<std::uint64_t> stamps{};
  std::uint64_t stamped = 0;
  std::uint64_t messages = 0;
  std::uint64_t flushes = 0;
  std::uint64_t positions = 0;  // give_way: sum over rounds of where the urgent one came, from 1
  std::uint64_t looks = 0;  // absorb at an interval, watched pace: how often; messages under way in
  std::uint64_t seen = 0;   // all, and the sum of the squares of what each look saw
  std::uint64_t seen_squares = 0;
  std::span<std::uint64_t> aways{};  // watched pace: from when to when it was not running, in pairs
  std::uint64_t away = 0;            // how many of these there were; those beyond the room are lost
  std::uint64_t wrong = 0;           // messages whose length or payload was not what was sent
  std::uint64_t first_wrong = 0;
  std::uint64_t wrong_lengths = 0;  // those of the wrong ones that were of another length
  std::uint64_t lost = 0;        // sent and not received: a lossy transport's drain; deal: dropped
  std::uint64_t duplicated = 0;  // received again; not among `messages`
  std::uint64_t reordered = 0;   // received after a later one
  std::uint64_t refused = 0;     // deal: attempts that found no room
  std::uint64_t expired = 0;     // ask that retries: time-outs before a reply
  std::uint64_t late = 0;        // and the requests that had one or more
  int noticed_errno = 0;         // detect: the error that told; 0: the time-out did
  std::array<Taken, kMostRoles> taken{};  // mailbox, lossless: by producer
};

// One message more that was right, or the first that was not.
inline void note(Tally& tally, bool right, std::uint64_t sequence) noexcept {
  if (right) [[likely]]
    return;
  if (tally.wrong++ == 0) tally.first_wrong = sequence;
}

// Whether there is a message to look at: 1, or 0 where there is none. One of another length has no
// place in the sequence and is wrong.
inline std::size_t note_length(Tally& tally, std::size_t got, std::size_t bytes) noexcept {
  if (got != 0 && got != bytes) note(tally, false, kNever);
  return got == bytes ? 1 : 0;
}

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
  // Messages that the kernel has thrown away; none where it does not say.
  [[nodiscard]] virtual std::optional<std::uint64_t> drops() const = 0;
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
