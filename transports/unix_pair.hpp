// How two Unix sockets that both ends will hold come to be connected: by socketpair(2), or by
// meeting at an address, a path or an abstract name, which is gone or unpredictable.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "transports/posix.hpp"
#include "transports/private_folder.hpp"
#include "transports/socket.hpp"
#include "transports/transport.hpp"
#include "transports/unpredictable.hpp"

namespace ipcmark {

// An address of Unix sockets, as bind and connect want it.
class UnixName {
 public:
  [[nodiscard]] static UnixName path(const std::string& path) { return UnixName(path, false); }
  // Begins with a zero byte, lies in no file system and is gone with its socket.
  [[nodiscard]] static UnixName abstract(const std::string& name) { return UnixName(name, true); }

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name_); }
  [[nodiscard]] socklen_t size() const { return size_; }

 private:
  UnixName(const std::string& text, bool abstract) {
    if (text.size() >= sizeof name_.sun_path) {
      refused("bind", ENAMETOOLONG,
              text + "; " + std::to_string(sizeof name_.sun_path - 1) +
                  " bytes at most: a shorter TMPDIR helps");
    }
    name_.sun_family = AF_UNIX;
    std::memcpy(name_.sun_path + (abstract ? 1 : 0), text.data(), text.size());
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + 1);
  }

  sockaddr_un name_{};
  socklen_t size_ = 0;
};

namespace unix_pair {

[[nodiscard]] inline Fd open_socket(int type) {
  Fd socket(available(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket"));
  // A path that it is bound to gets this mode.
  available(::fchmod(socket.get(), 0600), "fchmod");
  return socket;
}

inline void connect(const Fd& socket, const UnixName& to) {
  available(::connect(socket.get(), to.get(), to.size()), "connect");
}

[[nodiscard]] inline bool is_ourselves(const Fd& peer_of) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return ::getsockopt(peer_of.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
         peer.pid == ::getpid() && peer.uid == ::geteuid();
}

// Anybody may have found an abstract name: only the peer that we are ourselves stays. Strangers are
// let in and shown out as they come, since those who wait would keep us from being let in.
[[nodiscard]] inline SocketPair connected(int type, const UnixName& name) {
  const Fd listener = open_socket(type | SOCK_NONBLOCK);
  available(::bind(listener.get(), name.get(), name.size()), "bind");
  available(::listen(listener.get(), SOMAXCONN), "listen");
  SocketPair pair{open_socket(type | SOCK_NONBLOCK), {}};
  bool asked = false;
  await_peer(
      listener,
      [&] {
        asked = asked || ::connect(pair.client.get(), name.get(), name.size()) == 0;
        if (!asked && errno != EAGAIN) available(-1, "connect");  // EAGAIN: the queue is full
      },
      is_ourselves, pair.server);
  pair.client.set_nonblocking(false);
  return pair;
}

// Datagrams: each is the other's peer, and from then on nobody else's; what a stranger may have
// sent before is thrown away.
[[nodiscard]] inline SocketPair bound_to_each_other(const UnixName& there, const UnixName& back) {
  SocketPair pair{open_socket(SOCK_DGRAM), open_socket(SOCK_DGRAM)};
  available(::bind(pair.server.get(), there.get(), there.size()), "bind");
  available(::bind(pair.client.get(), back.get(), back.size()), "bind");
  connect(pair.client, there);
  connect(pair.server, back);
  char stranger = 0;
  for (const Fd* socket : {&pair.client, &pair.server}) {
    while (::recv(socket->get(), &stranger, 1, MSG_DONTWAIT) >= 0) {
    }
  }
  return pair;
}

[[nodiscard]] inline SocketPair met(int type, const UnixName& there, const UnixName& back) {
  return type == SOCK_DGRAM ? bound_to_each_other(there, back) : connected(type, there);
}

// The paths are gone before anything is thrown.
[[nodiscard]] inline SocketPair met_at_a_path(int type, const std::string& prefix) {
  const PrivateFolder folder(prefix);
  struct Unlinked {
    std::string path;
    ~Unlinked() { ::unlink(path.c_str()); }
  };
  const Unlinked there{folder.file("there")}, back{folder.file("back")};
  return met(type, UnixName::path(there.path), UnixName::path(back.path));
}

}  // namespace unix_pair

// socketpair(2): no name that could be left behind or opened by somebody else.
[[nodiscard]] inline SocketPair open_unix_pair(int type) {
  int fds[2];
  available(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), "socketpair");
  return {Fd(fds[0]), Fd(fds[1])};
}

// By the shape's address, a pair where it says nothing, with its buffers.
[[nodiscard]] inline SocketPair open_unix_pair(int type, const Shape& shape) {
  SocketPair pair;
  if (shape.address == Address::path) {
    pair = unix_pair::met_at_a_path(type, shape.prefix);
  } else if (shape.address == Address::abstract) {
    const std::string name = unpredictable(shape.prefix);
    pair = unix_pair::met(type, UnixName::abstract(name), UnixName::abstract(name + "-back"));
  } else {
    pair = open_unix_pair(type);
  }
  // What is on its way counts against its sender's buffer; a receiver has none of its own.
  set_send_buffer(pair.client, shape.buffer_bytes);
  set_send_buffer(pair.server, shape.buffer_bytes);
  return pair;
}

}  // namespace ipcmark
