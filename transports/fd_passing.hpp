// A descriptor that travels beside a few bytes through a Unix socket (SCM_RIGHTS).
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstring>
#include <span>

#include "transports/posix.hpp"

namespace ipcmark {

struct FdEnvelope {
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))]{};
  iovec piece{};
  msghdr header{};

  FdEnvelope(std::span<const std::byte> bytes)
      : piece{const_cast<std::byte*>(bytes.data()), bytes.size()} {
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  FdEnvelope(const FdEnvelope&) = delete;
  FdEnvelope& operator=(const FdEnvelope&) = delete;
};

// As sendmsg: -1 and errno. The peer gets a descriptor of its own; this one may be closed at once.
[[nodiscard]] inline ssize_t send_fd(int socket, const Fd& fd, std::span<const std::byte> bytes,
                                     int flags) {
  FdEnvelope envelope(bytes);
  cmsghdr* rights = CMSG_FIRSTHDR(&envelope.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = fd.get();
  std::memcpy(CMSG_DATA(rights), &number, sizeof number);
  return ::sendmsg(socket, &envelope.header, flags | MSG_NOSIGNAL);
}

// As recvmsg. A message whose descriptor the kernel had to drop (RLIMIT_NOFILE) is an error.
[[nodiscard]] inline ssize_t recv_fd(int socket, Fd& fd, std::span<std::byte> bytes, int flags) {
  FdEnvelope envelope(bytes);
  const ssize_t n = ::recvmsg(socket, &envelope.header, flags | MSG_CMSG_CLOEXEC);
  if (n < 0) return n;
  if (n == 0) throw std::system_error(EPIPE, std::generic_category(), "recvmsg: peer closed");
  const cmsghdr* rights = CMSG_FIRSTHDR(&envelope.header);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) {
    throw std::system_error(EMFILE, std::generic_category(), "recvmsg: no descriptor came");
  }
  int number = -1;
  std::memcpy(&number, CMSG_DATA(rights), sizeof number);
  fd = Fd(number);
  return n;
}

}  // namespace ipcmark
