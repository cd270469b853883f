// Two pairs of sequenced packets' sockets, one for what is urgent: what a program does whose
// mechanism knows no priorities. The receiver looks into the urgent one first, and sleeps on both.
//
// Two copies; a send is one system call, a receive of an ordinary message two, because the urgent
// socket was looked into before. What surprises: that look in vain is the price of urgency, and
// every ordinary message pays it; and a receiver that sleeps needs a third call (ppoll).
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include "transports/posix.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"
#include "transports/unix_pair.hpp"

namespace ipcmark {
namespace {

// Urgent first.
using Lanes = std::array<Fd, 2>;

class TwoChannelsEnd {
 public:
  TwoChannelsEnd(Wait wait, Lanes lanes) : wait_(wait), lanes_(std::move(lanes)) {}

  void send(std::span<const std::byte> message) { send_priority(message, 0); }

  void send_priority(std::span<const std::byte> message, unsigned priority) {
    const int fd = lanes_[priority == 0 ? 1 : 0].get();
    while (::send(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      if (errno != EAGAIN && errno != EINTR) check(-1, "send");
      pollfd room[] = {{.fd = fd, .events = POLLOUT, .revents = 0}};
      pass_time(room, std::nullopt);
    }
  }

  [[nodiscard]] std::uint64_t buffer_bytes() const { return send_buffer_bytes(lanes_[1].get()); }

  std::size_t recv(std::span<std::byte> buffer) { return take(buffer, std::nullopt); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return take(buffer, deadline);
  }

 private:
  // What lies there already beats the deadline; 0 when it passed first.
  std::size_t take(std::span<std::byte> buffer, std::optional<Deadline> deadline) {
    for (;;) {
      // A peer that leaves closes one first, while what it sent through the other is still to be
      // read.
      std::size_t closed = 0;
      for (const Fd& lane : lanes_) {
        const ssize_t n =
            ::recv(lane.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
        if (n > 0) return static_cast<std::size_t>(n);
        if (n == 0) {
          ++closed;
        } else if (errno != EAGAIN && errno != EINTR) {
          check(n, "recv");
        }
      }
      if (closed == lanes_.size()) {
        throw std::system_error(EPIPE, std::generic_category(), "recv: peer closed");
      }
      if (deadline && passed(*deadline)) return 0;
      pollfd arrival[] = {{.fd = lanes_[0].get(), .events = POLLIN, .revents = 0},
                          {.fd = lanes_[1].get(), .events = POLLIN, .revents = 0}};
      pass_time(arrival, deadline);
    }
  }

  void pass_time(std::span<pollfd> ready, std::optional<Deadline> deadline) const {
    if (wait_ == Wait::yield) ::sched_yield();
    if (wait_ != Wait::block) return;
    const timespec left = deadline ? remaining(*deadline) : timespec{};
    const int rc = ::ppoll(ready.data(), ready.size(), deadline ? &left : nullptr, nullptr);
    if (rc < 0 && errno != EINTR) check(rc, "ppoll");
  }

  Wait wait_;
  Lanes lanes_;
};

class TwoChannels {
 public:
  static constexpr Traits traits{.name = "two_channels",
                                 .summary = "two pairs of Unix sockets, the urgent one read first",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .has_buffer = true,
                                 .priorities = 2};

  explicit TwoChannels(const Shape& shape) {
    for (std::size_t i = 0; i < client_.size(); ++i) {
      SocketPair pair = open_unix_pair(SOCK_SEQPACKET, shape);
      require_admits(pair, shape);
      client_[i] = std::move(pair.client), server_[i] = std::move(pair.server);
    }
  }

  template <Wait W>
  requires(W == Wait::spin || W == Wait::yield || W == Wait::block) TwoChannelsEnd client(int) {
    return TwoChannelsEnd(W, std::move(client_));
  }
  template <Wait W>
  requires(W == Wait::spin || W == Wait::yield || W == Wait::block) TwoChannelsEnd server(int) {
    return TwoChannelsEnd(W, std::move(server_));
  }

 private:
  Lanes client_, server_;
};

const Register<TwoChannels> registered;

}  // namespace
}  // namespace ipcmark
