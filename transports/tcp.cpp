// A TCP connection over the loopback interface.
//
// A send copies the payload into socket buffers and then runs the whole protocol, down to the
// loopback device and up again into the peer's socket, mostly within the sender's own system call;
// a receive copies out: two copies, two system calls, one wake-up, plus an acknowledgement every so
// often. TCP_NODELAY is on: without it a small message waits for the acknowledgement of the one
// before. What surprises: the sender pays for the receiver's protocol work; under load that work
// moves to ksoftirqd and waits for the scheduler; buffers grow while a stream runs, so its first
// megabytes are not like the later ones; and the port stays in TIME_WAIT for a minute.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "transports/registry.hpp"
#include "transports/socket.hpp"

namespace ipcmark {
namespace {

using NameCall = int (*)(int, sockaddr*, socklen_t*);

sockaddr_in address_of(const Fd& socket, NameCall call, const char* name) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  available(call(socket.get(), reinterpret_cast<sockaddr*>(&address), &length), name);
  return address;
}

bool same(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

Fd open_socket() {
  return Fd(available(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
}

Fd listen_on_loopback() {
  Fd listener = open_socket();
  sockaddr_in any_port{};
  any_port.sin_family = AF_INET;
  any_port.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  const auto* address = reinterpret_cast<const sockaddr*>(&any_port);
  available(::bind(listener.get(), address, sizeof any_port), "bind");
  available(::listen(listener.get(), 8), "listen");
  return listener;
}

Fd connect_to(const Fd& listener) {
  Fd socket = open_socket();
  const sockaddr_in to = address_of(listener, ::getsockname, "getsockname");
  available(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
  return socket;
}

// Anybody on the machine may have found the port: only the peer that we are ourselves stays.
Fd accept_from(const Fd& listener, const Fd& client) {
  const sockaddr_in ours = address_of(client, ::getsockname, "getsockname");
  for (;;) {
    Fd server(available(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
    if (same(address_of(server, ::getpeername, "getpeername"), ours)) return server;
  }
}

void send_at_once(const Fd& socket) {
  const int on = 1;
  available(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
            "setsockopt TCP_NODELAY");
}

class Tcp {
 public:
  static constexpr Traits traits{.name = "tcp",
                                 .summary = "TCP over loopback, no delay",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .boundaries = false};

  explicit Tcp(const Shape& shape) : shape_(shape) {
    const Fd listener = listen_on_loopback();
    pair_.client = connect_to(listener);
    pair_.server = accept_from(listener, pair_.client);
    send_at_once(pair_.client);
    send_at_once(pair_.server);
  }

  template <Wait W>
  SocketStreamEnd<W> client(int) {
    return socket_stream_end<W>(std::move(pair_.client), shape_);
  }
  template <Wait W>
  SocketStreamEnd<W> server(int) {
    return socket_stream_end<W>(std::move(pair_.server), shape_);
  }

 private:
  Shape shape_;
  SocketPair pair_;
};

const Register<Tcp> registered;

}  // namespace
}  // namespace ipcmark
