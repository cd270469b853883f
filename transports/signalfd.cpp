// Real-time signals with a value, read from a signalfd: a message is one signal to one thread.
//
// Sending is that of rt_signal: an entry in the receiving thread's queue. A read of the signalfd
// takes entries out of the queue of the thread that reads, 128 bytes of description for each, of
// which eight are the payload: two system calls and, when the receiver sleeps, one wake-up; one
// read may take several. What surprises: the descriptor has no queue of its own, it shows the
// reader's: passed to another process or thread it shows other signals; the signal must stay
// blocked or its default action comes first; and for the rest what surprises of rt_signal.
#include <poll.h>
#include <sys/signalfd.h>

#include <optional>

#include "transports/patience.hpp"
#include "transports/registry.hpp"
#include "transports/signal_queue.hpp"

namespace ipcmark {
namespace {

class SignalfdEnd {
 public:
  SignalfdEnd(Wait wait, const SharedObject& memory, Role role)
      : wait_(wait), sender_(memory, role), in_(open()) {
    in_.set_nonblocking(!blocks(wait_));
  }

  void reshape(const Shape& shape) {
    spin_budget_ns_ = shape.spin_budget_ns;
    sender_.reshape();
  }

  [[nodiscard]] int descriptor() const { return in_.get(); }

  void send(std::span<const std::byte> message) { sender_.send(message); }
  std::size_t recv(std::span<std::byte> buffer) { return take(buffer, std::nullopt); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    if (blocks(wait_)) {
      return readable_until(in_.get(), deadline) ? recv(buffer) : 0;
    }
    return take(buffer, deadline);
  }

 private:
  static Fd open() {
    signal_queue::block();
    const sigset_t set = signal_queue::set();
    return Fd(check(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd"));
  }

  std::size_t take(std::span<std::byte> buffer, std::optional<Deadline> deadline) {
    signalfd_siginfo info;
    FdPatience patience(wait_, in_.get(), POLLIN, spin_budget_ns_, arrival_.get());
    if (!patience.before(deadline)) return 0;
    while (::read(in_.get(), &info, sizeof info) < 0) {
      if (errno != EAGAIN && errno != EINTR) check(-1, "read");
      if (!patience.again(deadline)) return 0;
    }
    return signal_queue::unpack(info.ssi_ptr, info.ssi_errno, buffer);
  }

  Wait wait_;
  signal_queue::Sender sender_;
  Fd in_;
  EventPoll arrival_{wait_, in_.get(), EPOLLIN};
  std::uint64_t spin_budget_ns_ = 0;
};

class Signalfd {
 public:
  static constexpr Traits traits{.name = "signalfd",
                                 .summary = "queued real-time signals, read from a signalfd",
                                 .family = Family::notification,
                                 .copies = 2,
                                 .max_bytes = signal_queue::kMostBytes};

  explicit Signalfd(const Shape& shape) : memory_(signal_queue::open(shape)) {
    const sigset_t set = signal_queue::set();
    const Fd possible(available(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd"));
  }

  template <Wait W>
  SignalfdEnd client(int) {
    return {W, memory_, Role::client};
  }
  template <Wait W>
  SignalfdEnd server(int) {
    return {W, memory_, Role::server};
  }

 private:
  SharedObject memory_;
};

const Register<Signalfd> registered;

}  // namespace
}  // namespace ipcmark
