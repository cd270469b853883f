// A transport that goes wrong on request: the fault is the case's depth, so every test says which
// one it means.
#include "harness/tests/faulty.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace ipcmark {
namespace {

class FaultyEnd {
 public:
  FaultyEnd(StreamEnd<> inner, Role role, Fault fault)
      : inner_(std::move(inner)), role_(role), fault_(fault) {}

  void send(std::span<std::byte> message) {
    if (role_ == Role::server && ++sent_ == kFaultAfter) misbehave(message);
    inner_.send(message);
    if (repeat_) inner_.send(message), repeat_ = false;
  }
  std::size_t recv(std::span<std::byte> buffer) { return inner_.recv(buffer); }

 private:
  // Past the verification of 32 messages, in the middle of the warm-up or of what is measured.
  static constexpr int kFaultAfter = 60;

  void misbehave(std::span<std::byte> message) {
    switch (fault_) {
      case Fault::none:
        return;
      case Fault::killed:
        ::kill(::getpid(), SIGKILL);
        return;
      case Fault::segfault:
        ::signal(SIGSEGV, SIG_DFL), ::raise(SIGSEGV);
        return;
      case Fault::early_exit:
        ::_exit(0);
      case Fault::stopped:
        ::kill(::getpid(), SIGSTOP);
        return;
      case Fault::throws:
        throw std::runtime_error("the mechanism broke");
      case Fault::wrong_byte:
        message[message.size() / 2] ^= std::byte{0x20};
        return;
      case Fault::repeated:
        repeat_ = true;
        return;
    }
  }

  StreamEnd<> inner_;
  Role role_;
  Fault fault_;
  int sent_ = 0;
  bool repeat_ = false;
};

class Faulty {
 public:
  static constexpr Traits traits{.name = "faulty",
                                 .summary = "goes wrong on request",
                                 .boundaries = false,
                                 .takes_depth = true};

  explicit Faulty(const Shape& shape) : shape_(shape) {
    if (shape.message_bytes > 100'000) throw Unavailable("faulty: Message too long");
    for (auto* pair : {there_, back_}) {
      int fds[2];
      available(::pipe2(fds, O_CLOEXEC), "pipe2");
      pair[0] = Fd(fds[0]), pair[1] = Fd(fds[1]);
    }
  }
  template <Wait W>
  FaultyEnd client(int) {
    return {{std::move(back_[0]), std::move(there_[1]), shape_}, Role::client, fault()};
  }
  template <Wait W>
  FaultyEnd server(int) {
    return {{std::move(there_[0]), std::move(back_[1]), shape_}, Role::server, fault()};
  }

 private:
  [[nodiscard]] Fault fault() const { return static_cast<Fault>(shape_.depth); }
  Shape shape_;
  Fd there_[2], back_[2];
};

const Register<Faulty> registered;

}  // namespace
}  // namespace ipcmark
