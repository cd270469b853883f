// Two eventfds, one each way; the message is the value of the counter.
//
// A write adds to a counter of 64 bits in the kernel and wakes who waits for it; a read takes the
// counter and leaves zero: no buffer, two system calls of eight bytes and, when the reader sleeps,
// one wake-up. Up to seven bytes of payload and their number, in the topmost byte, make the value:
// never zero, which is no message, and below the counter's maximum. What surprises: a counter holds
// one value; what is written before it has been read is added to it, so the second message before a
// reply would spoil the first; and nobody is told when the peer is gone.
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "transports/patience.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

constexpr std::size_t kMostBytes = 7;
constexpr int kLengthShift = 56;

[[nodiscard]] std::uint64_t value_of(std::span<const std::byte> message) {
  std::uint64_t value = 0;
  std::memcpy(&value, message.data(), message.size());
  return value | std::uint64_t{message.size()} << kLengthShift;
}

class EventfdEnd {
 public:
  EventfdEnd(Fd in, Fd out, const Shape& shape)
      : wait_(shape.wait),
        in_(std::move(in)),
        out_(std::move(out)),
        spin_budget_ns_(shape.spin_budget_ns) {
    in_.set_nonblocking(!blocks(wait_));
    out_.set_nonblocking(!blocks(wait_));
  }

  void reshape(const Shape& shape) { spin_budget_ns_ = shape.spin_budget_ns; }
  [[nodiscard]] int descriptor() const { return in_.get(); }

  void send(std::span<const std::byte> message) {
    const std::uint64_t value = value_of(message);
    FdPatience patience(wait_, out_.get(), POLLOUT, spin_budget_ns_, room_.get());
    while (::write(out_.get(), &value, sizeof value) < 0) {
      expect_again("write");
      patience.again();
    }
  }

  std::size_t recv(std::span<std::byte> buffer) { return take(buffer, std::nullopt); }

  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    if (blocks(wait_)) {
      return readable_until(in_.get(), deadline) ? recv(buffer) : 0;
    }
    return take(buffer, deadline);
  }

 private:
  static void expect_again(const char* call) {
    if (errno != EAGAIN && errno != EINTR) check(-1, call);
  }

  std::size_t take(std::span<std::byte> buffer, std::optional<Deadline> deadline) {
    std::uint64_t value = 0;
    FdPatience patience(wait_, in_.get(), POLLIN, spin_budget_ns_, arrival_.get());
    if (!patience.before(deadline)) return 0;
    while (::read(in_.get(), &value, sizeof value) < 0) {
      expect_again("read");
      if (!patience.again(deadline)) return 0;
    }
    const std::size_t n = value >> kLengthShift;
    if (n == 0 || n > kMostBytes) {
      throw std::system_error(EBADMSG, std::generic_category(), "eventfd: a sum of messages");
    }
    std::memcpy(buffer.data(), &value, std::min(n, buffer.size()));
    return n;
  }

  Wait wait_;
  Fd in_, out_;
  EventPoll arrival_{wait_, in_.get(), EPOLLIN};
  EventPoll room_{wait_, out_.get(), EPOLLOUT};
  std::uint64_t spin_budget_ns_;
};

class Eventfd {
 public:
  static constexpr Traits traits{.name = "eventfd",
                                 .summary = "two eventfds; the message is the counter's value",
                                 .family = Family::notification,
                                 .copies = 2,
                                 .one_in_flight = true,
                                 .max_bytes = kMostBytes};

  explicit Eventfd(const Shape& shape) : shape_(shape), there_(open()), back_(open()) {}

  template <Wait W>
  EventfdEnd client(int) {
    return {back_.duplicate(), there_.duplicate(), shape_};
  }
  template <Wait W>
  EventfdEnd server(int) {
    return {there_.duplicate(), back_.duplicate(), shape_};
  }

 private:
  static Fd open() { return Fd(available(::eventfd(0, EFD_CLOEXEC), "eventfd")); }

  Shape shape_;
  Fd there_, back_;
};

const Register<Eventfd> registered;

}  // namespace
}  // namespace ipcmark
