// Two rings in shared memory, one each way.
//
// The kernel maps the pages once and then has no part in a message: no system call unless an end
// sleeps (futex), no copy but the sender's into the slot and the receiver's out of it, and neither
// of these in place. What surprises: the price of a message is that of moving its cache lines
// between two cores, and a spinning end burns its whole core.
#include "transports/registry.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {
namespace {

template <Wait W>
class ShmRingEnd {
 public:
  ShmRingEnd(const SharedObject& memory, std::size_t messages_room, Role role)
      : mapping_(memory.map()), messages_room_(messages_room), role_(role) {}

  void reshape(const Shape& shape) {
    const RingView messages(mapping_.data(), {shape.message_bytes, shape});
    const RingView replies(mapping_.data() + messages_room_, {shape.reply_bytes, shape});
    prefault(mapping_.bytes().first(messages_room_), messages.layout().bytes);
    prefault(mapping_.bytes().subspan(messages_room_), replies.layout().bytes);
    if (shape.home == role_) messages.initialise(), replies.initialise();
    const bool client = role_ == Role::client;
    out_ = {client ? messages : replies, shape.spin_budget_ns};
    in_ = {client ? replies : messages, shape.spin_budget_ns};
  }

  void send(std::span<const std::byte> message) {
    out_.send(message);
    out_.publish();
  }
  std::size_t recv(std::span<std::byte> buffer) { return in_.recv(buffer); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return in_.recv(buffer, deadline);
  }

  void send_batch(const Batch& batch) { out_.send(batch); }
  std::size_t recv_batch(const Batch& batch) { return in_.recv(batch); }

  std::span<std::byte> reserve(std::size_t n) { return out_.reserve(n); }
  void commit(std::size_t n) { out_.commit(n); }
  std::span<std::byte> peek(std::size_t) { return in_.peek(); }
  void release() { in_.release(); }
  void flush() {
    out_.publish();
    in_.give_back();
  }

  [[nodiscard]] std::uint64_t slots() const { return out_.slots(); }
  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_of(mapping_.data()); }

 private:
  Mapping mapping_;
  std::size_t messages_room_;
  Role role_;
  RingProducer<W> out_;
  RingConsumer<W> in_;
};

class ShmRing {
 public:
  static constexpr Traits traits{.name = "shm_ring",
                                 .summary = "slots in shared memory, one ring each way",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmRing(const Shape& widest)
      : messages_room_(RingLayout::room(widest.message_bytes, widest)),
        memory_(open_shared_object(
            widest, messages_room_ + RingLayout::room(widest.reply_bytes, widest))) {}

  template <Wait W>
  ShmRingEnd<W> client(int) {
    return {memory_, messages_room_, Role::client};
  }
  template <Wait W>
  ShmRingEnd<W> server(int) {
    return {memory_, messages_room_, Role::server};
  }

 private:
  std::size_t messages_room_;
  SharedObject memory_;
};

const Register<ShmRing> registered;

}  // namespace
}  // namespace ipcmark
