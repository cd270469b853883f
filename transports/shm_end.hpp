// The end of a channel of two rings in shared memory, one each way. How its rings' ends come
// together is the Means: what a channel's ends share besides the rings, descriptors or semaphores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "transports/ring.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

// One direction, as one of its ends comes to it before a rung. What a Means
// keeps in shared memory is zero at the start; the home end comes first and lays it out.
struct Direction {
  std::byte* shared = nullptr;
  Role sender = Role::client;
  Role self = Role::client;
  bool home = false;
  Wait wait = Wait::block;
};

// The memory of a channel: room for either direction's widest ring and what the Means has there.
class ShmRooms {
 public:
  ShmRooms(const Shape& widest, std::size_t shared_bytes = 0)
      : shared_(RingLayout::round_up(shared_bytes, 4096)),
        messages_(shared_ + RingLayout::room(widest.message_bytes, widest)),
        memory_(open_shared_object(
            widest, messages_ + shared_ + RingLayout::room(widest.reply_bytes, widest))) {}

  [[nodiscard]] std::size_t shared() const { return shared_; }
  [[nodiscard]] std::size_t messages() const { return messages_; }
  [[nodiscard]] Mapping map() const { return memory_.map(); }

 private:
  std::size_t shared_, messages_;
  SharedObject memory_;
};

template <class Means>
class ShmEnd {
  using Meeting = decltype(std::declval<Means&>().meet(Direction{}));

 public:
  ShmEnd(const ShmRooms& rooms, Role role, Means means = {})
      : mapping_(rooms.map()),
        shared_room_(rooms.shared()),
        messages_room_(rooms.messages()),
        role_(role),
        means_(std::move(means)) {}

  void reshape(const Shape& shape) {
    const auto room = mapping_.bytes();
    const RingView messages = lay_out(room.first(messages_room_), shape.message_bytes, shape);
    const RingView replies = lay_out(room.subspan(messages_room_), shape.reply_bytes, shape);
    const bool client = role_ == Role::client;
    Meeting there = means_.meet(direction(room.data(), Role::client, shape));
    Meeting back = means_.meet(direction(room.data() + messages_room_, Role::server, shape));
    out_ = {client ? messages : replies, shape.spin_budget_ns, client ? there : back};
    in_ = {client ? replies : messages, shape.spin_budget_ns, client ? back : there};
  }

  // Into every loop, however many there are: a call is a twentieth of a round trip.
  [[gnu::always_inline]] void send(std::span<const std::byte> message) {
    out_.send(message);
    out_.publish();
  }
  bool try_send(std::span<const std::byte> message) requires requires(RingProducer<Meeting> out) {
    out.has_room();
  }
  {
    if (!out_.has_room()) return false;
    send(message);
    return true;
  }
  [[gnu::always_inline]] std::size_t recv(std::span<std::byte> buffer) { return in_.recv(buffer); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return in_.recv(buffer, deadline);
  }

  void send_batch(const Batch& batch) { out_.send(batch); }
  std::size_t recv_batch(const Batch& batch) { return in_.recv(batch); }

  [[gnu::always_inline]] std::span<std::byte> reserve(std::size_t n) { return out_.reserve(n); }
  [[gnu::always_inline]] void commit(std::size_t n) { out_.commit(n); }
  [[gnu::always_inline]] std::span<std::byte> peek(std::size_t) { return in_.peek(); }
  [[gnu::always_inline]] void release() { in_.release(); }
  void flush() {
    out_.publish();
    in_.give_back();
  }

  [[nodiscard]] std::uint64_t slots() const { return out_.slots(); }
  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_of(mapping_.data()); }

 private:
  RingView lay_out(std::span<std::byte> room, std::uint64_t bytes, const Shape& shape) {
    const auto ring = room.subspan(shared_room_);
    const RingView view(ring.data(), {bytes, shape, Meeting::kTags});
    prefault(room.first(shared_room_), shared_room_);
    prefault(ring, view.layout().bytes);
    if (shape.home == role_) view.initialise();
    return view;
  }

  [[nodiscard]] Direction direction(std::byte* shared, Role sender, const Shape& shape) const {
    const bool home = shape.home == role_;
    if (home) std::memset(shared, 0, shared_room_);
    return {.shared = shared, .sender = sender, .self = role_, .home = home, .wait = shape.wait};
  }

  Mapping mapping_;
  std::size_t shared_room_;
  std::size_t messages_room_;
  Role role_;
  [[no_unique_address]] Means means_;
  RingProducer<Meeting> out_;
  RingConsumer<Meeting> in_;
};

}  // namespace ipcmark
