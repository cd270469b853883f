// What the sockets share: how a stream's bytes move, their buffers, how the size that a socket with
// message boundaries admits is found, and the ends of a connected pair.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "transports/mailbox.hpp"
#include "transports/posix.hpp"
#include "transports/proc_number.hpp"
#include "transports/stream_end.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// What the kernel says that it gives: SO_SNDBUF for what is sent and not read yet, SO_RCVBUF for
// what has come and is not read yet.
[[nodiscard]] inline std::uint64_t buffer_given(int socket, int option) {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  check(::getsockopt(socket, SOL_SOCKET, option, &bytes, &length), "getsockopt");
  return static_cast<std::uint64_t>(bytes);
}
[[nodiscard]] inline std::uint64_t send_buffer_bytes(int socket) {
  return buffer_given(socket, SO_SNDBUF);
}
[[nodiscard]] inline std::uint64_t receive_buffer_bytes(int socket) {
  return buffer_given(socket, SO_RCVBUF);
}

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
  static std::uint64_t buffer_bytes(int fd) { return send_buffer_bytes(fd); }
};

using SocketStreamEnd = StreamEnd<SocketCalls>;

// A Unix stream keeps what is written at once in one piece of kernel memory, whole or not at all,
// while that is not too large; TCP may take a part of anything.
struct UnixStreamCalls : SocketCalls {
  static constexpr const char* kTryWrite = "send MSG_DONTWAIT";
  static constexpr std::size_t kWhole = 16 << 10;
  static ssize_t try_write(int fd, std::span<const std::byte> from) {
    return ::send(fd, from.data(), from.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
};
using UnixStreamEnd = StreamEnd<UnixStreamCalls>;

struct SocketPair {
  Fd client, server;
};

// A buffer of a socket, where one is asked for. The kernel clamps in silence, and doubles what it
// gives, since its own bookkeeping counts: an answer below twice the question is a refusal.
inline void set_buffer(const Fd& socket, int option, std::uint64_t bytes, const char* call,
                       const char* knob) {
  if (bytes == 0) return;
  const int asked = static_cast<int>(std::min<std::uint64_t>(bytes, INT_MAX / 2));
  available(::setsockopt(socket.get(), SOL_SOCKET, option, &asked, sizeof asked), call);
  if (buffer_given(socket.get(), option) >= 2 * static_cast<std::uint64_t>(asked)) return;
  throw Unavailable(std::string(call) + ": clamped without an error (buffer_bytes " +
                    std::to_string(bytes) + "; net.core." + knob + " " +
                    proc_text(std::string("sys/net/core/") + knob) + ", needs " +
                    std::to_string(bytes) + ")");
}
inline void set_send_buffer(const Fd& socket, std::uint64_t bytes) {
  set_buffer(socket, SO_SNDBUF, bytes, "setsockopt SO_SNDBUF", "wmem_max");
}
inline void set_receive_buffer(const Fd& socket, std::uint64_t bytes) {
  set_buffer(socket, SO_RCVBUF, bytes, "setsockopt SO_RCVBUF", "rmem_max");
}

// The kernel's own word on whether a message of this size can ever be sent: one is sent through the
// fresh, empty socket, and taken out again.
inline void require_admits(const Fd& from, const Fd& to, std::uint64_t bytes,
                           const std::string& which) {
  // Not initialised, so that a refused giant costs no memory.
  const auto message = std::make_unique_for_overwrite<std::byte[]>(bytes);
  if (::send(from.get(), message.get(), bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    const int error = errno;
    refused("send", error,
            which + " " + std::to_string(bytes) + "; SO_SNDBUF " +
                std::to_string(send_buffer_bytes(from.get())));
  }
  check(::recv(to.get(), message.get(), bytes, MSG_DONTWAIT), "recv");
}

inline void require_admits(const SocketPair& pair, const Shape& widest) {
  require_admits(pair.client, pair.server, widest.message_bytes, "message_bytes");
  if (widest.reply_bytes == 0) return;
  require_admits(pair.server, pair.client, widest.reply_bytes, "reply_bytes");
}

// Accepts on a listener that does not block until one comes that is ours; the others are closed. A
// stranger may be gone again before it is looked at, which is an error only of its own. Gives up
// when strangers are all that comes.
template <class Knock, class IsOurs>
void await_peer(const Fd& listener, Knock knock, IsOurs is_ours, Fd& peer) {
  constexpr std::uint64_t kPatienceNs = 5'000'000'000;
  const Deadline deadline = deadline_in(kPatienceNs);
  while (!passed(deadline)) {
    knock();
    Fd caller(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (caller && is_ours(caller)) {
      peer = std::move(caller);
      return;
    }
    if (caller || errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN) available(-1, "accept4");
    pollfd called{.fd = listener.get(), .events = POLLIN, .revents = 0};
    constexpr int kKnockAgainMs = 10;
    ::poll(&called, 1, kKnockAgainMs);
  }
  refused("accept4", ETIMEDOUT, "only strangers connected");
}

// A transport of two sockets that are connected to each other. Opener: the traits, and open(shape)
// that makes the pair; its ends take one socket.
template <class Opener, class EndOn>
class ConnectedSockets {
 public:
  static constexpr Traits traits = Opener::traits;

  explicit ConnectedSockets(const Shape& shape) : shape_(shape), pair_(Opener::open(shape)) {
    if constexpr (traits.boundaries) require_admits(pair_, shape);
  }

  template <Wait W>
  EndOn client(int) {
    return {part_of(pair_.client, shape_), shape_};
  }
  template <Wait W>
  EndOn server(int) {
    return {part_of(pair_.server, shape_), shape_};
  }

 private:
  Shape shape_;
  SocketPair pair_;
};

}  // namespace ipcmark
