// The loop of `ask` and `answer` as a plain program would write it, over a pipe: no pattern, no
// erased End, no registry. What it shares with the transport is the mechanism alone.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "bench/micro/contenders.hpp"
#include "transports/keystream.hpp"
#include "transports/posix.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::micro {

namespace {

using Word = std::uint64_t;

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

// Polled without sleeping: the shortest round trip a pipe has, where an addition shows most.
class PipeByHand {
 public:
  explicit PipeByHand(const Traffic& traffic) : trips_(traffic.operations) {
    check(::pipe2(there_.data(), O_CLOEXEC | O_NONBLOCK), "pipe2");
    check(::pipe2(back_.data(), O_CLOEXEC | O_NONBLOCK), "pipe2");
  }
  PipeByHand(const PipeByHand&) = delete;
  PipeByHand& operator=(const PipeByHand&) = delete;
  ~PipeByHand() {
    for (const int fd : {there_[0], there_[1], back_[0], back_[1]}) ::close(fd);
  }

  std::optional<std::uint64_t> run(Role role) {
    return role == Role::client ? ask(there_[1], back_[0]) : answer(there_[0], back_[1]);
  }

 private:
  std::optional<std::uint64_t> ask(int out, int in) {
    const auto start = ticks::now();
    for (std::uint64_t i = 0; i < trips_; ++i, ++sequence_) {
      send(out, keystream::key(sequence_));
      expect(in, keystream::key(sequence_) ^ keystream::kReply);
    }
    return ticks::now() - start;
  }
  std::optional<std::uint64_t> answer(int in, int out) {
    for (std::uint64_t i = 0; i < trips_; ++i, ++sequence_) {
      expect(in, keystream::key(sequence_));
      send(out, keystream::key(sequence_) ^ keystream::kReply);
    }
    return std::nullopt;
  }

  void send(int fd, Word word) {
    std::memcpy(message_.get(), &word, sizeof word);
    if (::write(fd, message_.get(), sizeof word) != sizeof word) throw std::runtime_error("write");
  }
  void expect(int fd, Word want) {
    while (::read(fd, reply_.get(), sizeof want) != sizeof want) {
      if (errno != EAGAIN) throw std::runtime_error("read");
    }
    if (std::memcmp(reply_.get(), &want, sizeof want) != 0)
      throw std::runtime_error("pipe by hand: wrong payload");
  }

  // Pages of their own, as the harness gives to every transport: on the stack they would save the
  // kernel two entries of the TLB.
  using Page = std::unique_ptr<std::byte, Free>;
  static Page page() {
    Page memory(static_cast<std::byte*>(std::aligned_alloc(4096, 4096)));
    std::memset(memory.get(), 0, 4096);
    return memory;
  }
  Page message_ = page(), reply_ = page();
  std::uint64_t trips_;
  std::array<int, 2> there_{}, back_{};
  std::uint64_t sequence_ = 0;
};

}  // namespace

Contender pipe_round_trips_by_hand(const Traffic& traffic) {
  const auto pipe = std::make_shared<PipeByHand>(traffic);
  return {.name = "pipe, by hand",
          .operations = traffic.operations,
          .open = [](Role) {},
          .run = [=](Role role) { return pipe->run(role); }};
}

}  // namespace ipcmark::micro
