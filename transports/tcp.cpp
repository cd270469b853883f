// A TCP connection over the loopback interface.
//
// A send copies the payload into socket buffers and then runs the whole protocol, down to the
// loopback device and up again into the peer's socket, mostly within the sender's own system call;
// a receive copies out: two copies, two system calls, one wake-up, plus an acknowledgement every so
// often. TCP_NODELAY is on unless the axis nodelay says off: then a small message
// may wait for the acknowledgement of the one before, which is what Nagle and delayed
// acknowledgements cost. A buffer asked for is fixed; else both grow. What surprises: the sender
// pays for the receiver's protocol work; under load that work moves to ksoftirqd and waits for the
// scheduler; buffers grow while a stream runs, so its first megabytes are not like the later ones;
// and the port stays in TIME_WAIT for a minute.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <optional>

#include "transports/registry.hpp"
#include "transports/socket.hpp"

namespace ipcmark {
namespace {

using NameCall = int (*)(int, sockaddr*, socklen_t*);

// Of a peer that is gone there is none.
std::optional<sockaddr_in> address_of(const Fd& socket, NameCall call) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (call(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) < 0) return std::nullopt;
  return address;
}

sockaddr_in own_address(const Fd& socket) {
  const auto address = address_of(socket, ::getsockname);
  if (!address) available(-1, "getsockname");
  return *address;
}

bool same(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

// The buffers before there is a connection: the window that is offered follows from them, and an
// accepted socket has its listener's.
Fd open_socket(const Shape& shape) {
  Fd socket(available(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
  set_send_buffer(socket, shape.buffer_bytes);
  set_receive_buffer(socket, shape.buffer_bytes);
  return socket;
}

Fd listen_on_loopback(const Shape& shape) {
  Fd listener = open_socket(shape);
  sockaddr_in any_port{};
  any_port.sin_family = AF_INET;
  any_port.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  const auto* address = reinterpret_cast<const sockaddr*>(&any_port);
  available(::bind(listener.get(), address, sizeof any_port), "bind");
  available(::listen(listener.get(), SOMAXCONN), "listen");
  return listener;
}

// Without waiting: until it is accepted strangers may be in the way.
Fd connect_to(const Fd& listener, const Shape& shape) {
  Fd socket = open_socket(shape);
  const sockaddr_in to = own_address(listener);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0 &&
      errno != EINPROGRESS) {
    available(-1, "connect");
  }
  return socket;
}

// Anybody on the machine may have found the port: only the peer that we are ourselves stays.
Fd accept_from(const Fd& listener, const Fd& client) {
  const sockaddr_in ours = own_address(client);
  Fd server;
  await_peer(
      listener, [] {},
      [&](const Fd& caller) {
        const auto peer = address_of(caller, ::getpeername);
        return peer && same(*peer, ours);
      },
      server);
  client.set_nonblocking(false);
  return server;
}

void set_nodelay(const Fd& socket, NoDelay nodelay) {
  const int on = nodelay == NoDelay::off ? 0 : 1;
  available(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
            "setsockopt TCP_NODELAY");
}

struct Tcp {
  static constexpr Traits traits{.name = "tcp",
                                 .summary = "TCP over loopback",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .boundaries = false,
                                 .has_buffer = true,
                                 .has_nodelay = true};

  static SocketPair open(const Shape& shape) {
    const Fd listener = listen_on_loopback(shape);
    SocketPair pair{connect_to(listener, shape), {}};
    pair.server = accept_from(listener, pair.client);
    set_nodelay(pair.client, shape.nodelay);
    set_nodelay(pair.server, shape.nodelay);
    return pair;
  }
};

const Register<ConnectedSockets<Tcp, SocketStreamEnd>> registered;

}  // namespace
}  // namespace ipcmark
