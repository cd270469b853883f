// boost::lockfree::spsc_queue in memory shared by the two processes: with a capacity known to the
// compiler it holds no pointers, so it may lie there.
#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <memory>
#include <new>
#include <stdexcept>

#include "bench/micro/contenders.hpp"
#include "transports/keystream.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::micro {

namespace {

template <std::size_t kBytes>
class BoostStream {
  using Message = std::array<std::byte, kBytes>;
  using Queue =
      boost::lockfree::spsc_queue<Message, boost::lockfree::capacity<RingLayout::kMostSlots>>;

 public:
  explicit BoostStream(const Traffic& traffic)
      : messages_(traffic.operations),
        lead_(traffic.operations / 8),
        memory_(open_shared_object(traffic.shape, sizeof(Queue))) {}

  void open(Role role) {
    mapping_ = memory_.map();
    prefault(mapping_.bytes(), mapping_.size());
    queue_ = role == Role::client ? new (mapping_.data()) Queue
                                  : std::launder(reinterpret_cast<Queue*>(mapping_.data()));
  }

  std::optional<std::uint64_t> run(Role role) { return role == Role::client ? pour() : drain(); }

 private:
  std::optional<std::uint64_t> pour() {
    Message message{};
    for (std::uint64_t i = 0; i < lead_ + messages_; ++i) {
      keystream::fill_header(message, keystream::key(sequence_++));
      while (!queue_->push(message)) {
      }
    }
    return std::nullopt;
  }
  std::optional<std::uint64_t> drain() {
    take(lead_);
    const auto start = ticks::now();
    take(messages_);
    return ticks::now() - start;
  }
  void take(std::uint64_t count) {
    Message message{};
    for (std::uint64_t i = 0; i < count; ++i) {
      while (!queue_->pop(message)) {
      }
      if (!keystream::header_matches(message, keystream::key(sequence_++)))
        throw std::runtime_error("boost: wrong payload");
    }
  }

  std::uint64_t messages_, lead_;
  SharedObject memory_;
  Mapping mapping_;
  Queue* queue_ = nullptr;
  std::uint64_t sequence_ = 0;
};

template <std::size_t kBytes>
Contender make(const Traffic& traffic) {
  const auto side = std::make_shared<BoostStream<kBytes>>(traffic);
  return {.name = "boost spsc_queue",
          .operations = traffic.operations,
          .open = [=](Role role) { side->open(role); },
          .run = [=](Role role) { return side->run(role); }};
}

}  // namespace

bool has_boost() { return true; }

Contender boost_stream(const Traffic& traffic) {
  return traffic.shape.message_bytes == 8 ? make<8>(traffic) : make<64>(traffic);
}

}  // namespace ipcmark::micro
