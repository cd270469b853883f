// Two UDP sockets on 127.0.0.1, connected to each other.
//
// A send copies the payload into a socket buffer and carries it through IP, the loopback device and
// up into the peer's queue, within the sender's own system call; a receive copies out: two copies,
// two system calls, one wake-up when the receiver sleeps. What surprises: nothing makes a sender
// wait for the receiver: the loopback device lets go of the sender's buffer at once, so what does
// not fit into the receiver's SO_RCVBUF is thrown away, and neither end is told. What arrives is in
// order. A message is at most 65,507 B, and a default buffer holds three of those.
#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <array>
#include <string>
#include <vector>

#include "transports/message_end.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"

namespace ipcmark {
namespace {

Fd open_on_loopback(const Shape& shape) {
  Fd socket(available(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  set_send_buffer(socket, shape.buffer_bytes);
  set_receive_buffer(socket, shape.buffer_bytes);
  sockaddr_in any_port{};
  any_port.sin_family = AF_INET;
  any_port.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  available(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any_port), sizeof any_port),
            "bind");
  return socket;
}

// A connected socket takes datagrams from its peer alone: nobody else's reach the channel. The one
// receiver of several senders cannot be connected; what is not from them is found by its payload.
void connect_to(const Fd& from, const Fd& to) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  available(::getsockname(to.get(), reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  available(::connect(from.get(), reinterpret_cast<const sockaddr*>(&address), length), "connect");
}

// What the kernel threw away for want of room. An emulator may hand out less than it was asked for.
std::uint64_t drops_of(int fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> counts{};
  socklen_t length = sizeof counts;
  check(::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, counts.data(), &length), "getsockopt SO_MEMINFO");
  if (length <= SK_MEMINFO_DROPS * sizeof counts[0]) {
    throw Unavailable("getsockopt SO_MEMINFO: " + std::to_string(length) +
                      " bytes, without the count of drops");
  }
  return counts[SK_MEMINFO_DROPS];
}

class UdpEnd : public MessageEnd {
 public:
  // The time-out ends a blocking receive now and then without a call of its own; waiting for ever,
  // as recv does, then asks again.
  UdpEnd(Fd socket, const Shape& shape) : MessageEnd(std::move(socket), shape) {
    const timeval idle{.tv_sec = 0, .tv_usec = kIdleNs / 1000};
    check(::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle),
          "setsockopt SO_RCVTIMEO");
  }

  std::size_t recv_or_idle(std::span<std::byte> buffer) {
    if (wait() == Wait::poll || wait() == Wait::epoll) {
      return recv_until(buffer, deadline_in(kIdleNs));
    }
    const ssize_t n = ::recv(fd(), buffer.data(), buffer.size(), flags() | MSG_TRUNC);
    if (n >= 0) return static_cast<std::size_t>(n);
    expect_again("recv");
    if (blocks(wait()) && errno == EAGAIN) return 0;
    return recv_until(buffer, deadline_in(kIdleNs));
  }
  std::size_t recv_batch_or_idle(const Batch& batch) {
    return take_batch(batch, deadline_in(kIdleNs));
  }

  // The receiver's is the one that overflows.
  [[nodiscard]] std::uint64_t buffer_bytes() const { return receive_buffer_bytes(fd()); }

  [[nodiscard]] std::uint64_t drops() const { return drops_of(fd()); }
};

class Udp {
 public:
  static constexpr Traits traits{.name = "udp",
                                 .summary = "UDP over loopback; a slow receiver loses messages",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .has_buffer = true,
                                 .lossy = true,
                                 .most_producers = kMostRoles,
                                 .max_bytes = 65'507};  // 65,535 less the headers of IP and UDP

  explicit Udp(const Shape& shape) : shape_(shape), server_(open_on_loopback(shape)) {
    (void)drops_of(server_.get());  // what cannot be counted would be taken for none
    for (std::uint32_t i = 0; i < shape.producers; ++i) {
      clients_.push_back(open_on_loopback(shape));
      connect_to(clients_.back(), server_);
    }
    if (!shape.shared()) connect_to(server_, clients_.front());
  }

  template <Wait W>
  UdpEnd client(int i) {
    return {std::move(clients_[static_cast<std::size_t>(i)]), shape_};
  }
  template <Wait W>
  UdpEnd server(int) {
    return {std::move(server_), shape_};
  }

 private:
  Shape shape_;
  std::vector<Fd> clients_;
  Fd server_;
};

const Register<Udp> registered;

}  // namespace
}  // namespace ipcmark
