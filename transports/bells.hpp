// How the two ends of a ring come together: what says that messages have arrived and that slots are
// free again, and what an end sleeps on. Bells is the lock-free way, with any door to sleep at;
// locks and semaphores are in the files of their transports.
//
// A Meeting is one direction seen from one end. Positions count messages since the start.
//   kTags                    the slots themselves may say what has arrived
//   kGivesWhenIdle           giving slots back is cheap enough to be done before every wait
//   publish, give_back       positions up to `to` were written, or read
//   published                consumer: the position written up to, without waiting
//   await_published          the same, waiting; `known` itself when the deadline passed first
//   released                 producer: the position given back up to; only where trying is cheap
//   await_released           producer: waits until more than `known` were given back
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "transports/bell.hpp"
#include "transports/ring_layout.hpp"

namespace ipcmark {

template <Wait W, class Door = FutexDoor>
class Bells {
 public:
  static constexpr bool kTags = true;
  static constexpr bool kGivesWhenIdle = true;
  static constexpr std::memory_order kPublishes = kPublish<W>;
  static constexpr std::memory_order kObserves = kObserve<W>;

  Bells() = default;
  explicit Bells(Door door) : door_(std::move(door)) {}

  void publish(RingControl& control, std::uint64_t, std::uint64_t to) {
    control.published.position.store(to, kPublish<W>);  // pairs with published
    tagged(control);
  }
  // A slot's tag says it already.
  void tagged(RingControl& control) { bell::ring<W>(control.consumer_bell, door_); }

  std::uint64_t published(RingControl& control, std::uint64_t) const {
    return control.published.position.load(kObserve<W>);
  }
  std::uint64_t await_published(RingControl& control, std::uint64_t known,
                                std::uint64_t spin_budget_ns, std::optional<Deadline> deadline) {
    std::uint64_t position = known;
    await_tag(control, spin_budget_ns, deadline,
              [&] { return (position = published(control, known)) != known; });
    return position;
  }
  template <class Arrived>
  bool await_tag(RingControl& control, std::uint64_t spin_budget_ns,
                 std::optional<Deadline> deadline, Arrived arrived) {
    return bell::wait<W>(control.consumer_bell, spin_budget_ns, deadline, arrived, door_);
  }

  void give_back(RingControl& control, std::uint64_t, std::uint64_t to) {
    control.released.position.store(to, kPublish<W>);  // pairs with await_released
    bell::ring<W>(control.producer_bell, door_);
  }
  std::uint64_t released(RingControl& control) const {
    return control.released.position.load(kObserve<W>);
  }
  std::uint64_t await_released(RingControl& control, std::uint64_t known,
                               std::uint64_t spin_budget_ns) {
    std::uint64_t position = known;
    const auto released = [&] { return (position = this->released(control)) != known; };
    bell::wait<W>(control.producer_bell, spin_budget_ns, std::nullopt, released, door_);
    return position;
  }

 private:
  [[no_unique_address]] Door door_;
};

}  // namespace ipcmark
