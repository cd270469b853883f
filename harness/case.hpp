// One point in the axes: what a record's `case` says, and what an end's shape is made of.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "transports/transport.hpp"

namespace ipcmark {

enum class Pattern { ping, ask, pour, pace, expire, window, deal, retry, detect, overtake };
enum class Path { raw, queue, shm, fixed, automatic };  // "auto" in words
enum class Idle { default_, c1, polling };
enum class RoleKind { process, thread };
enum class Policy { other, fifo };
enum class Schedule { closed, fixed, poisson };
enum class IpcLimits { host, private_ };
enum class Handover { any, rendezvous, buffered };
enum class Bystander { spin, stream };        // what one does
enum class Beside { apart, client, server };  // where third parties run
enum class PeerFate { lives, stopped, killed };
// What lies in the contended memory: two words; a state that one polls beside a stamp that the
// other writes for itself, or beside the data it tells of; an index and the payload that it tells
// of, which the other reads; the two indices of a ring; the cells of a litmus test; a stack of
// nodes that two take from, or that one takes from while the other is stopped in the middle.
enum class Structure {
  none,
  words,
  state,
  payload,
  indices,
  message_passing,
  store_buffering,
  stack,
  stalled_pop
};
enum class Operation { none, store, increment, locked_increment, compare_exchange, fenced_store };
// What makes CPUs interrupt each other because of memory, and what the struck side does meanwhile.
enum class Trigger {
  none,
  membarrier,
  own_mapping,
  punch_hole,
  punch_untouched,
  writeback,
  collapse,
  migration
};
enum class Victim { none, spin, chase, asleep, traffic };
// The end of a stream beside triggers that takes longer for a message than the other.
enum class Bottleneck { none, producer, consumer };
// With which orders data are told of, at both ends.
enum class Publication { none, relaxed, release_acquire, seq_cst, fences };
// How far a stack's counter moves while somebody is stopped: all of its values once, or one off.
enum class Advance { none, one_less, exact, one_more };
// What leads from one node of a list to the next.
enum class Pointers { none, raw, offset64, offset32, self_relative };
enum class Neighbour { none, idle, reader, writer };

// Every axis has a value in every case; results/README.md says what they mean. Words are those of
// words.hpp.
struct Case {
  std::string transport;
  Pattern pattern = Pattern::ping;
  std::uint64_t message_bytes = 64;
  std::string sizes = "one";  // or a distribution up to message_bytes: see sizes.hpp
  std::uint64_t reply_bytes = 64;
  std::uint32_t batch = 1;
  std::uint64_t flush_ns = kNever;
  std::uint64_t rate_per_s = 0;
  Schedule schedule = Schedule::closed;
  std::uint64_t timeout_ns = kNever;
  std::uint64_t spin_budget_ns = 0;
  std::uint64_t poll_interval_ns = 0;
  std::uint64_t timer_slack_ns = 0;
  std::uint64_t think_ns = 0;
  PeerFate peer = PeerFate::lives;
  std::int64_t threshold_bytes = -1;  // -1: not a hybrid; kInfinite: all through the queue
  Path path = Path::raw;
  Wait wait = Wait::block;
  Touch touch = Touch::full;
  Access access = Access::copy;
  Backing backing = Backing::none;
  std::uint64_t page_bytes = 0;
  std::uint64_t buffer_bytes = 0;
  Address address = Address::none;
  NoDelay nodelay = NoDelay::none;
  std::uint32_t depth = 0;
  std::string placement = "same_llc";
  Idle idle = Idle::default_;
  RoleKind roles = RoleKind::process;
  Policy policy = Policy::other;
  Role home = Role::client;
  std::uint64_t delay_ns = 0;
  std::uint64_t stall_ns = 0;
  IpcLimits ipc_limits = IpcLimits::host;
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint32_t window = 1;
  Sharing sharing = Sharing::any;
  std::uint32_t credits = 0;
  std::uint64_t pause_ns = 0;
  Full full = Full::block;
  Handover handover = Handover::any;
  std::uint32_t bystanders = 0;
  Bystander bystander = Bystander::spin;
  std::uint32_t injectors = 0;
  std::uint64_t injections_per_s = 1000;
  Beside beside = Beside::apart;
  std::uint32_t backlog = 0;
  Precedence precedence = Precedence::none;
  Structure structure = Structure::none;
  Operation operation = Operation::none;
  Neighbour neighbour = Neighbour::none;
  std::uint64_t distance_bytes = 0;
  std::uint64_t offset_bytes = 0;
  std::uint64_t pace_ns = 0;
  std::uint64_t private_writes = 0;
  Trigger trigger = Trigger::none;
  Victim victim = Victim::none;
  Bottleneck bottleneck = Bottleneck::none;
  std::uint64_t flush_pages = 0;
  std::uint64_t mappings = 0;
  std::uint64_t working_pages = 0;
  std::uint64_t trigger_rate_per_s = 0;
  Publication publication = Publication::none;
  std::uint64_t rounds = 0;
  std::uint64_t counter_bits = 0;
  Advance advance = Advance::none;
  Pointers pointers = Pointers::none;
  std::string counters = "none";

  static constexpr std::int64_t kInfinite = std::numeric_limits<std::int64_t>::max();
  bool operator==(const Case&) const = default;
  // Several clients or servers: a mailbox.
  [[nodiscard]] bool shared() const { return producers > 1 || consumers > 1; }
  [[nodiscard]] std::uint32_t third_parties() const { return bystanders + injectors; }
  // Messages differ in size.
  [[nodiscard]] bool mixed() const { return sizes != "one"; }
};

// The flat map of the record schema: "inf" for never, words for enumerations.
[[nodiscard]] nlohmann::json to_json(const Case& point);
// What a record says of it: axes at their neutral values are left out, or the same two hundred
// bytes would stand in each of ten thousand lines; the manifest says them once.
[[nodiscard]] nlohmann::json record_case(const Case& point);
// The axes that a record may leave out, with their neutral values.
[[nodiscard]] nlohmann::json neutral_axes();
// Throws std::invalid_argument naming the key.
[[nodiscard]] Case case_from_json(const nlohmann::json& map);

// What the transport is asked for in this case; the prefix is the launch's.
[[nodiscard]] Shape shape_of(const Case& point, const std::string& prefix);

}  // namespace ipcmark
