// Two queues in shared memory, one each way, that any number of ends may fill and empty.
//
// As with a ring the kernel has no part in a message unless an end sleeps (futex): one copy into
// the slot and one out of it. What surprises: all producers take their places from one counter and
// all consumers from another, so more ends make a place dearer, not cheaper; a sleeping crowd is
// woken as a whole; and an end that loses its CPU between taking a place and filling it holds up
// everybody behind it.
#include "transports/mpmc.hpp"
#include "transports/registry.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {
namespace {

template <Wait W>
class ShmMpmcEnd {
 public:
  ShmMpmcEnd(const SharedObject& memory, std::size_t messages_room, Role role, int index)
      : mapping_(memory.map()), messages_room_(messages_room), role_(role), index_(index) {}

  void reshape(const Shape& shape) {
    const MpmcLayout messages(shape.message_bytes, shape.depth);
    const MpmcLayout replies(shape.reply_bytes, shape.depth);
    prefault(mapping_.bytes().first(messages_room_), messages.bytes);
    prefault(mapping_.bytes().subspan(messages_room_), replies.bytes);
    const MpmcQueue<W> there(mapping_.data(), messages, shape.spin_budget_ns);
    const MpmcQueue<W> back(mapping_.data() + messages_room_, replies, shape.spin_budget_ns);
    if (shape.home == role_ && index_ == 0) there.initialise(), back.initialise();
    out_ = role_ == Role::client ? there : back;
    in_ = role_ == Role::client ? back : there;
  }

  void send(std::span<const std::byte> message) { out_.send(message); }
  bool try_send(std::span<const std::byte> message) { return out_.try_send(message); }
  std::size_t recv(std::span<std::byte> buffer) { return in_.recv(buffer); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return in_.recv(buffer, deadline);
  }

  [[nodiscard]] std::uint64_t slots() const { return out_.slots(); }

 private:
  Mapping mapping_;
  std::size_t messages_room_;
  Role role_;
  int index_;
  MpmcQueue<W> out_, in_;
};

class ShmMpmc {
 public:
  static constexpr Traits traits{
      .name = "shm_mpmc",
      .summary = "slots in shared memory for many ends, a queue each way",
      .family = Family::shared_memory,
      .copies = 2,
      .shares_memory = true,
      .takes_depth = true,
      .most_producers = kMostRoles,
      .most_consumers = kMostRoles};

  explicit ShmMpmc(const Shape& widest)
      : messages_room_(MpmcLayout::room(widest.message_bytes, widest.depth)),
        replies_room_(MpmcLayout::room(widest.reply_bytes, widest.depth)),
        memory_(open_shared_object(widest, messages_room_ + replies_room_)) {}

  template <Wait W>
  ShmMpmcEnd<kCode<W>> client(int i) {
    return {memory_, messages_room_, Role::client, i};
  }
  template <Wait W>
  ShmMpmcEnd<kCode<W>> server(int j) {
    return {memory_, messages_room_, Role::server, j};
  }

 private:
  std::size_t messages_room_, replies_room_;
  SharedObject memory_;
};

const Register<ShmMpmc> registered;

}  // namespace
}  // namespace ipcmark
