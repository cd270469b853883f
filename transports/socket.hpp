// What the sockets share: how a stream's bytes move, how a pair of Unix sockets comes to be, and
// how the size that a socket with message boundaries admits is found.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "transports/posix.hpp"
#include "transports/stream_end.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// A write to a closed peer is an error that names the call, not a signal that ends the process.
struct SocketCalls {
  static constexpr const char* kWrite = "send";
  static constexpr const char* kRead = "recv";
  static constexpr const char* kClosed = "recv: peer closed";
  static ssize_t write(int fd, std::span<const std::byte> from) {
    return ::send(fd, from.data(), from.size(), MSG_NOSIGNAL);
  }
  static ssize_t read(int fd, std::span<std::byte> to) {
    return ::recv(fd, to.data(), to.size(), 0);
  }
};

template <Wait W>
using SocketStreamEnd = StreamEnd<W, SocketCalls>;

// An end of a stream reads and writes one socket.
template <Wait W>
[[nodiscard]] SocketStreamEnd<W> socket_stream_end(Fd socket, const Shape& shape) {
  Fd out = socket.duplicate();
  return {std::move(socket), std::move(out), shape};
}

struct SocketPair {
  Fd client, server;
};

// socketpair(2): no name that could be left behind or opened by somebody else, and once connected
// nothing in the kernel tells such sockets from those that met under a path.
[[nodiscard]] inline SocketPair open_unix_pair(int type) {
  int fds[2];
  available(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), "socketpair");
  return {Fd(fds[0]), Fd(fds[1])};
}

// The kernel's own word on whether a message of this size can ever be sent: one is sent through the
// fresh, empty socket, and taken out again.
inline void require_admits(const Fd& from, const Fd& to, std::uint64_t bytes,
                           const std::string& which) {
  // Not initialised, so that a refused giant costs no memory.
  const auto message = std::make_unique_for_overwrite<std::byte[]>(bytes);
  if (::send(from.get(), message.get(), bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    const int error = errno;
    int buffer = 0;
    socklen_t length = sizeof buffer;
    check(::getsockopt(from.get(), SOL_SOCKET, SO_SNDBUF, &buffer, &length), "getsockopt");
    refused("send", error,
            which + " " + std::to_string(bytes) + "; SO_SNDBUF " + std::to_string(buffer));
  }
  check(::recv(to.get(), message.get(), bytes, MSG_DONTWAIT), "recv");
}

inline void require_admits(const SocketPair& pair, const Shape& widest) {
  require_admits(pair.client, pair.server, widest.message_bytes, "message_bytes");
  if (widest.reply_bytes == 0) return;
  require_admits(pair.server, pair.client, widest.reply_bytes, "reply_bytes");
}

}  // namespace ipcmark
