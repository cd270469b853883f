// The contract between a mechanism and the harness.
//
// A transport is a plain class T in one .cpp:
//
//   static constexpr Traits traits;        what it says of itself
//   explicit T(const Shape&);              opens kernel objects, or throws Unavailable; touches no
//   shared memory template <Wait W> auto client(int i);  an end that owns what it uses (call once,
//   in the process that runs it) template <Wait W> auto server(int j);
//
// An end has send/recv, loans (reserve/commit, peek/release), or both; what else it can do is found
// by the concepts below, never by a flag. `const Register<T> registered;` as the last line enters
// it everywhere.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ipcmark {

enum class Wait { spin, yield, spin_then_block, block, poll, epoll };
enum class Touch { none, header, full };
enum class Access { copy, in_place };
enum class Backing { none, memfd, posix_shm, sysv_shm, mmap_file };
enum class Address { none, pair, path, abstract };  // how Unix sockets find each other
enum class NoDelay { none, off, on };
// How an urgent message gets past a backlog: not at all; by its priority; by a second channel that
// is looked at first; or by its type, with the receiver asking for the first of any type, for the
// urgent type itself, or for the lowest type first (the urgent one being the lowest, or the
// highest).
enum class Precedence { none, fifo, priority, type_first, type_own, type_lowest, type_highest };
enum class Role { client, server };
// Who takes a message of a channel with several consumers.
enum class Sharing {
  any,        // one queue: whoever comes first takes the head
  addressed,  // one queue: the head is for one consumer, and nobody else takes it
  own,        // a queue for each consumer
};

// What a sender does when its channel is full.
enum class Full {
  block,  // waits, as the mechanism does
  fail,   // is refused (EAGAIN), and tries again at once
  drop,   // is refused, and goes on with the next message
};
enum class Family {
  floor,
  pipe,
  message_queue,
  socket,
  shared_memory,
  notification,  // tells that something happened, with a word of payload at most
  one_copy,      // the payload is copied once, or its pages handed over
  async,         // calls submitted through shared rings
  hybrid
};

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
// Two lines: x86-64 prefetches lines in pairs. A constant of ours, not the library's, because it is
// part of a layout that two programs share.
inline constexpr std::size_t kLineDistance = 128;
// More clients or servers than this one channel never has; a mechanism that takes any number says
// so.
inline constexpr std::uint32_t kMostRoles = 16;
// Every buffer handed to send or recv is preceded by this many bytes that belong to the transport,
// so that a framed one puts its header before the payload without a copy.
inline constexpr std::size_t kHeadroom = 64;

// Wait policies of a program built around an event loop: the descriptor does not block, a reader
// waits until it is told that there is something and only then reads, even when the message lies
// there already. A writer tries first, since there mostly is room, and waits for room when refused.
template <Wait W>
inline constexpr bool kByReadiness = W == Wait::poll || W == Wait::epoll;

// "Not available here": recorded as `skipped`, never emulated. The text is "call: errno text".
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What an experiment asks of a channel. The constructor of a transport gets the widest shape of the
// launch (each size the largest of its rungs); `reshape` then gets each rung's own.
struct Shape {
  std::uint64_t message_bytes = 64;
  std::uint64_t reply_bytes = 64;  // 0: nothing ever comes back
  std::uint32_t depth = 0;         // slots or messages in flight; 0: the transport's default
  std::uint32_t batch = 1;         // messages handed over together
  Wait wait = Wait::block;
  Access access = Access::copy;
  Backing backing = Backing::none;
  std::uint64_t page_bytes = 0;            // of shared memory; 0: the machine's own
  std::uint64_t buffer_bytes = 0;          // the kernel's buffer for each direction; 0: its default
  Address address = Address::none;         // none: the transport's default
  NoDelay nodelay = NoDelay::none;         // none: the transport's default
  std::uint64_t spin_budget_ns = 0;        // spin_then_block; of others 0
  std::uint64_t threshold_bytes = kNever;  // hybrid: payload up to this goes through the queue
  std::uint64_t reply_threshold_bytes = kNever;  // the same for replies
  std::uint64_t delay_steps = 0;  // null only: length of the injected chain, see delay.hpp
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  Role home = Role::client;  // who touches shared memory first, and so whose node it lies on
  std::string prefix = "ipcmark-test";  // random and unique to the launch; starts every name

  // Whether a direction has more than one end at either side: a mailbox.
  [[nodiscard]] bool shared() const { return producers > 1 || consumers > 1; }
};

struct Traits {
  std::string_view name;
  std::string_view summary;  // one line
  Family family = Family::pipe;
  int copies = 2;                    // payload copies per message, one way, with access copy
  int copies_in_place = 0;           // the same with access in_place, where it has that
  bool boundaries = true;            // the mechanism keeps message boundaries
  bool carries_payload = true;       // false: nothing arrives, so nothing can be verified (null)
  bool shares_memory = false;        // takes a backing and a home
  bool has_threshold = false;        // hybrid
  bool has_buffer = false;           // takes buffer_bytes
  bool has_address = false;          // takes an address
  bool has_nodelay = false;          // takes nodelay
  bool takes_depth = false;          // a depth asked for is the depth it has
  bool answers = true;               // has a route back
  bool one_in_flight = false;        // a second message before the reply overwrites the first
  bool rendezvous = false;           // send returns when the receiver has taken the message
  bool lossy = false;                // a message may not arrive, and neither end is told
  std::uint32_t most_producers = 1;  // clients that can pour into one channel at a time
  std::uint32_t most_consumers = 1;  // servers that can drain it, each message taken by one
  std::uint32_t priorities = 0;      // levels that send_priority tells apart, the lowest being 0
  std::uint64_t max_bytes = kNever;  // fixed limit of the mechanism; others are found by trying
};

// Several messages of one size, `stride` bytes apart, each with its headroom if stride allows.
struct Batch {
  std::byte* data = nullptr;
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::size_t stride = 0;

  [[nodiscard]] std::span<std::byte> operator[](std::size_t i) const {
    return {data + i * stride, bytes};
  }
};

// Absolute, CLOCK_MONOTONIC; each mechanism converts.
struct Deadline {
  std::int64_t monotonic_ns = 0;
};

// send blocks, by the end's wait policy, until the message is handed over. recv returns the bytes
// of the next message, at the front of `buffer`; behind buffer lies room for the widest message of
// the launch. Errors throw std::system_error naming the call.
template <class E>
concept Copies = requires(E end, std::span<std::byte> out, std::span<std::byte> in) {
  end.send(out);
  { end.recv(in) } -> std::same_as<std::size_t>;
};

// In place: write into reserve(n), then commit(n); read peek(n), then release(). flush() publishes
// commits (and releases) that a batched end still holds back.
template <class E>
concept Loans = requires(E end, std::size_t n) {
  { end.reserve(n) } -> std::same_as<std::span<std::byte>>;
  end.commit(n);
  { end.peek(n) } -> std::same_as<std::span<std::byte>>;
  end.release();
  end.flush();
};

template <class E>
concept Batches = requires(E end, const Batch& batch) {
  end.send_batch(batch);                                   // all of them
  { end.recv_batch(batch) } -> std::same_as<std::size_t>;  // one or more, up to batch.count
};

// False when there is no room for the whole message now; then nothing of it is gone.
template <class E>
concept TriesSend = requires(E end, std::span<std::byte> out) {
  { end.try_send(out) } -> std::same_as<bool>;
};

// 0 when the deadline passed first; never earlier than the deadline.
template <class E>
concept ReceivesUntil = requires(E end, std::span<std::byte> in, Deadline deadline) {
  { end.recv_until(in, deadline) } -> std::same_as<std::size_t>;
};

// How long nothing must have come before a receiver of a lossy transport looks whether there is
// still somebody who sends.
inline constexpr std::uint64_t kIdleNs = 20'000'000;

// A lossy transport's: 0 when nothing has come for kIdleNs, since what was lost is not waited for.
template <class E>
concept Idles = requires(E end, std::span<std::byte> in, const Batch& batch) {
  { end.recv_or_idle(in) } -> std::same_as<std::size_t>;
  { end.recv_batch_or_idle(batch) } -> std::same_as<std::size_t>;
};

// Of two waiting messages the one of higher priority is received first, by the same recv.
template <class E>
concept Prioritises = requires(E end, std::span<std::byte> out, unsigned priority) {
  end.send_priority(out, priority);
};

// A message has a type, above 0; a receiver asks for the first of any type (0), for the first of
// that type (above 0), or for the first of the lowest type up to its absolute value (below 0).
template <class E>
concept Types = requires(E end, std::span<std::byte> out, std::span<std::byte> in, long type) {
  end.send_type(out, type);
  { end.recv_type(in, type) } -> std::same_as<std::size_t>;
};

// Messages that the kernel threw away before this end could take them, since it was opened.
template <class E>
concept CountsDrops = requires(const E end) {
  { end.drops() } -> std::same_as<std::uint64_t>;
};

// Called while the channel is quiet, before a rung whose shape differs: the home end first, then
// the other.
template <class E>
concept Reshapes = requires(E end, const Shape& shape) {
  end.reshape(shape);
};

// The end waits on this descriptor for what comes in. Ends that wait by readiness (poll, epoll)
// have one; those of another mechanism do not, and so lack these policies.
template <class E>
concept HasDescriptor = requires(const E end) {
  { end.descriptor() } -> std::same_as<int>;
};

// What the kernel gave for buffer_bytes, as it says itself; for the record.
template <class E>
concept HasBuffer = requires(const E end) {
  { end.buffer_bytes() } -> std::same_as<std::uint64_t>;
};

// The size of the pages that its shared memory has got; for the record. Known once it is touched.
template <class E>
concept HasPages = requires(const E end) {
  { end.page_bytes() } -> std::same_as<std::uint64_t>;
};

// How many messages fit; for the record.
template <class E>
concept HasSlots = requires(const E end) {
  { end.slots() } -> std::convertible_to<std::uint64_t>;
};

}  // namespace ipcmark
