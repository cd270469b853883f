// How two ends meet over one buffer: one of them says in shared memory where its buffer is, the
// other copies and says that it has. The receiver waits for the sender and the sender for the
// receiver; the bell of bell.hpp is each one's way of waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>

#include "transports/bell.hpp"
#include "transports/peer_ids.hpp"
#include "transports/posix.hpp"
#include "transports/remote_memory.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

// One direction. `told`: where a buffer is; `claimed`: being written to, no way back; `moved`:
// done.
struct alignas(kLineDistance) HandOver {
  enum State : std::uint32_t { idle, told, claimed, moved };
  std::atomic<std::uint32_t> state;
  // Written by whoever tells, before it does; a sender that copies puts its message's length there.
  std::uint64_t address, bytes;
  Bell sender_bell, receiver_bell;
};

struct HandOvers {
  PeerIds client, server;
  HandOver there, back;
};

// What both kinds of end are made of: the shared page, seen from one role.
template <Wait W>
class HandOverPage {
 public:
  HandOverPage(const SharedObject& memory, Role role) : mapping_(memory.map()), role_(role) {}

  void reshape(const Shape& shape) {
    spin_budget_ns_ = shape.spin_budget_ns;
    if (shape.home == role_) {
      std::memset(static_cast<void*>(&page().there), 0, sizeof(HandOver));
      std::memset(static_cast<void*>(&page().back), 0, sizeof(HandOver));
    }
    (client() ? page().client : page().server).introduce();
  }

  [[nodiscard]] HandOver& out() const { return client() ? page().there : page().back; }
  [[nodiscard]] HandOver& in() const { return client() ? page().back : page().there; }
  [[nodiscard]] pid_t peer() const {
    return (client() ? page().server : page().client).pid.load(std::memory_order_acquire);
  }

  // The peer may reach into this process from now on.
  void let_peer_in() {
    const pid_t now = peer();
    if (now == allowed_) [[likely]]
      return;
    remote_memory::allow(now);
    allowed_ = now;
  }

  // Publishes what was written before, and wakes.
  static void pass(HandOver& over, HandOver::State state, Bell& bell) {
    over.state.store(state, kPublish<W>);  // pairs with the loads below
    bell::ring<W>(bell);
  }
  bool await(HandOver& over, HandOver::State state, Bell& bell,
             std::optional<Deadline> deadline = std::nullopt) const {
    return bell::wait<W>(bell, spin_budget_ns_, deadline,
                         [&] { return over.state.load(kObserve<W>) == state; });
  }
  // True for the one that changed it.
  static bool change(HandOver& over, std::uint32_t from, HandOver::State to) {
    return over.state.compare_exchange_strong(from, to, std::memory_order_seq_cst);
  }

 private:
  [[nodiscard]] bool client() const { return role_ == Role::client; }
  [[nodiscard]] HandOvers& page() const { return *reinterpret_cast<HandOvers*>(mapping_.data()); }

  Mapping mapping_;
  Role role_;
  std::uint64_t spin_budget_ns_ = 0;
  pid_t allowed_ = 0;
};

[[nodiscard]] inline SharedObject open_hand_overs(Shape shape) {
  shape.backing = Backing::memfd;
  return open_shared_object(shape, sizeof(HandOvers));
}

}  // namespace ipcmark
