// The loop of `ask` and `answer` as a plain program would write it, over a ring: no pattern, no
// erased End, no registry. What it shares with the transport is the mechanism alone.
#include <memory>
#include <stdexcept>

#include "bench/micro/contenders.hpp"
#include "transports/keystream.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::micro {

namespace {

constexpr std::size_t kBytes = 8;
using Word = std::uint64_t;

class RingByHand {
 public:
  explicit RingByHand(const Traffic& traffic)
      : layout_(kBytes, traffic.shape),
        trips_(traffic.operations),
        memory_(open_shared_object(traffic.shape, 2 * layout_.bytes)) {}

  void open(Role role) {
    mapping_ = memory_.map();
    const RingView there(mapping_.data(), layout_);
    const RingView back(mapping_.data() + layout_.bytes, layout_);
    if (role == Role::client) there.initialise(), back.initialise();
    prefault(mapping_.bytes(), mapping_.size());
    out_ = {role == Role::client ? there : back, 0};
    in_ = {role == Role::client ? back : there, 0};
  }

  std::optional<std::uint64_t> run(Role role) { return role == Role::client ? ask() : answer(); }

 private:
  std::optional<std::uint64_t> ask() {
    const auto start = ticks::now();
    for (std::uint64_t i = 0; i < trips_; ++i, ++sequence_) {
      send(keystream::key(sequence_));
      expect(keystream::key(sequence_) ^ keystream::kReply);
    }
    return ticks::now() - start;
  }
  std::optional<std::uint64_t> answer() {
    for (std::uint64_t i = 0; i < trips_; ++i, ++sequence_) {
      expect(keystream::key(sequence_));
      send(keystream::key(sequence_) ^ keystream::kReply);
    }
    return std::nullopt;
  }

  void send(Word word) {
    out_.send(std::as_bytes(std::span(&word, 1)));
    out_.publish();
  }
  void expect(Word want) {
    Word got;
    if (in_.recv(std::as_writable_bytes(std::span(&got, 1))) != kBytes || got != want)
      throw std::runtime_error("ring by hand: wrong payload");
  }

  RingLayout layout_;
  std::uint64_t trips_;
  SharedObject memory_;
  Mapping mapping_;
  RingProducer<Bells<Wait::spin>> out_;
  RingConsumer<Bells<Wait::spin>> in_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

Contender ring_round_trips_by_hand(const Traffic& traffic) {
  const auto ring = std::make_shared<RingByHand>(traffic);
  return {.name = "ring, by hand",
          .operations = traffic.operations,
          .open = [=](Role role) { ring->open(role); },
          .run = [=](Role role) { return ring->run(role); }};
}

}  // namespace ipcmark::micro
