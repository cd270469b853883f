// How the coordinator of a launch and its roles talk: fixed-size orders and reports over a socket
// pair that is never the measured path, and a shared page range for what is too large for a
// message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/buffer_pages.hpp"
#include "harness/counted.hpp"
#include "harness/handoff.hpp"
#include "harness/phase.hpp"
#include "harness/usage.hpp"
#include "transports/end.hpp"
#include "transports/flow.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

// One phase of an order. The job's spans do not travel: `intended` is the stage's schedule.
struct Step {
  Part part = Part::ask;
  Job job;
  Phase phase = Phase::measure;
  bool counted = false;             // its system calls are: see CountedSection
  std::int32_t counter_pass = -1;   // of its rung's plan of counters, which is counted meanwhile
  PeerFate fate = PeerFate::lives;  // detect: what becomes of the server when it has answered all
  // Watched: the mean gap between looks at the messages under way (watched.hpp); 0: nobody looks.
  std::uint64_t look_ticks = 0;

  [[nodiscard]] bool watched() const { return look_ticks != 0; }
};

// What a role of an effect does; the rung says the rest.
struct ActOrder {
  std::uint32_t step = 0;  // the act's own word for it
  std::uint64_t rounds = 0;
  std::array<std::uint64_t, 2> each{};  // operations a window: alone, and with the peer
  std::uint64_t singly = 0;             // operations timed one by one
  std::uint64_t burst = 1;              // operations of the peer between two looks at its mode
  std::uint64_t delay_steps = 0;
  std::uint64_t limit_ticks = kNever;  // longer was an interruption
  std::uint64_t period_ticks = 0;      // between two blows beside traffic
  std::uint64_t lead = 0;              // messages before each of them that is timed by itself
};

struct Order {
  enum class Kind : std::uint32_t { reshape, canary, chain, dry, steps, act, close, quit };
  static constexpr std::size_t kMostSteps = 4;

  Kind kind = Kind::quit;
  std::uint32_t rung = 0;           // reshape, counters: index into the launch's rungs
  std::uint64_t delay_steps = 0;    // reshape: injected chain; chain: the one to time
  std::uint64_t canary_stamps = 0;  // canary: how many, and from which turn
  std::uint64_t canary_from = 0;
  std::uint64_t canary_interrupts = 0;  // of the server's CPU, two stamps each, after those
  // All roles meet after each step: where several send, or something may be lost, nobody must take
  // the next step's messages for this one's.
  bool together = false;
  bool at_once = false;  // also before the first step: nobody is late for it
  // Of an open loop: its time begins so much after the last role is there. One that began while its
  // receiver was still asleep would show how long that took as the transport's response.
  std::uint64_t lead_ticks = 0;
  std::uint32_t step_count = 0;
  std::array<Step, kMostSteps> steps{};
  ActOrder act{};
};

// What a role did in one step; its stamps lie in the role's part of the stage, one step behind the
// other.
struct StepReport {
  std::uint64_t stamped = 0;
  std::uint64_t messages = 0;
  std::uint64_t flushes = 0;
  std::uint64_t positions = 0;
  std::uint64_t looks = 0;  // at the messages under way, and what was seen: see Tally
  std::uint64_t seen = 0;
  std::uint64_t seen_squares = 0;
  std::uint64_t away = 0;
  std::uint64_t stalled_ticks = 0;  // how long the role was idle on purpose
  std::uint64_t wrong = 0;
  std::uint64_t first_wrong = 0;
  std::uint64_t wrong_lengths = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t refused = 0;
  std::uint64_t expired = 0;
  std::uint64_t late = 0;
  std::int32_t noticed_errno = 0;
  std::array<Taken, kMostRoles> taken{};  // by producer
  std::optional<std::uint64_t> drops;     // what the kernel threw away meanwhile
  std::uint64_t cpu_ns = 0;
  std::uint64_t began_ticks = 0;  // the role's own clock around the whole step,
  std::uint64_t ended_ticks = 0;  // which the transport's code does not write
};

struct Report {
  enum class Status : std::uint32_t { ok, unavailable, failed };
  Status status = Status::ok;
  std::array<char, 256> text{};
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC, of a failure: the first is the cause of the others
  std::uint64_t slots = 0;
  std::int32_t thread = 0;         // when it is ready: who it is, as the kernel numbers threads
  std::uint64_t work_ticks = 0;    // of taking the end, of reshape, of close: the end's own part
  std::uint64_t buffer_bytes = 0;  // reshape: what the end has got
  std::uint64_t page_bytes = 0;
  std::uint64_t timer_slack_ns = 0;  // reshape: the role's
  std::int32_t cpu = -1;             // where it ran when it had finished
  Usage usage;                       // over the order's steps
  Counted counted;                   // of the step with counters
  BufferPages pages;                 // when they had ended; not of a probe
  std::array<StepReport, Order::kMostSteps> steps{};

  void say(Status what, std::string_view why);
};

// Memory that the coordinator and its roles share: the canary's lines, how many senders are done,
// an open loop's schedule and sizes, whose turn a backlog is, and each role's stamps.
class Stage {
 public:
  static constexpr std::size_t kMostStamps = 1 << 17;  // per role and order
  static constexpr std::size_t kMostScheduled = 1 << 16;
  static constexpr std::size_t kThoughts = 1 << 12;  // times to think; used over and over
  static constexpr std::size_t kMostAways = 1 << 12;

  Stage(std::uint32_t clients, std::uint32_t servers);
  [[nodiscard]] Handoff& canary() const;
  // Messages that the receiver of a watched step has taken.
  [[nodiscard]] std::atomic<std::uint64_t>& received() const;
  // When the sender of a watched step was not running: pairs.
  [[nodiscard]] std::span<std::uint64_t> aways() const;
  // Parts that senders have finished since the launch began.
  [[nodiscard]] std::atomic<std::uint32_t>& senders_done() const;
  // Waits, off the measured path, until every role has called this as often as the caller has: its
  // own count, which this raises.
  void meet(std::uint32_t& meetings) const;
  // The same; what all of them get is `lead` ticks after the last of them came.
  [[nodiscard]] std::uint64_t meet_before(std::uint32_t& meetings, std::uint64_t lead) const;
  // What they got, until an order begins anew: 0.
  [[nodiscard]] std::atomic<std::uint64_t>& origin() const;
  [[nodiscard]] std::span<std::uint64_t> schedule() const;
  // What the ends share in a step of the order that deals.
  [[nodiscard]] Flow& flow(std::uint32_t step) const;
  // Before such an order, while nobody works.
  void clear_flows() const;
  // Of an open loop's messages, where they differ.
  [[nodiscard]] std::span<std::uint32_t> sizes() const;
  [[nodiscard]] Turns& turns() const;
  [[nodiscard]] std::span<std::uint64_t> stamps(Role role, std::uint32_t index = 0) const;

 private:
  [[nodiscard]] std::atomic<std::uint32_t>& met() const;

  std::uint32_t clients_, roles_;
  Fd memory_;
  Mapping mapping_;
};

// One side of a control socket. Datagrams keep their boundaries; the peer's death is an end of
// file.
class ControlSocket {
 public:
  explicit ControlSocket(Fd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] static std::array<ControlSocket, 2> pair();

  void send(const Order& order) const { send_bytes(&order, sizeof order); }
  void send(const Report& report) const { send_bytes(&report, sizeof report); }
  // nullopt when the other side is gone.
  [[nodiscard]] std::optional<Order> recv_order() const;
  [[nodiscard]] std::optional<Report> recv_report() const;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  void send_bytes(const void* data, std::size_t n) const;
  [[nodiscard]] bool recv_bytes(void* data, std::size_t n) const;
  Fd fd_;
};

}  // namespace ipcmark
