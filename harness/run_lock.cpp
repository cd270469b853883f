#include "harness/run_lock.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

struct LockAddress {
  sockaddr_un address{};
  socklen_t length = 0;

  // An abstract name begins with a zero byte and is as long as the address says, without an end.
  explicit LockAddress(std::string_view name) {
    if (name.empty() || name.size() + 1 > sizeof(address.sun_path)) {
      throw std::invalid_argument(fmt::format("run lock: name of {} bytes", name.size()));
    }
    address.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), address.sun_path + 1);
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

int unix_socket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  return fd;
}

// Connecting tells who listens: the kernel notes the pid at listen(). The holder never accepts;
// a full backlog (EAGAIN) only costs us the pid.
std::optional<LockHolder> holder_of(const LockAddress& address) {
  const int fd = unix_socket();
  ucred peer{};
  socklen_t size = sizeof(peer);
  const bool known = ::connect(fd, address.get(), address.length) == 0 &&
                     ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  ::close(fd);
  if (!known || peer.pid <= 0) return std::nullopt;
  const auto program = read_knob(fmt::format("/proc/{}/comm", peer.pid));
  return LockHolder{.pid = peer.pid, .uid = peer.uid, .program = program.value_or("?")};
}

// Any user can take the name, also with no run behind it and for ever: whoever is refused must
// learn whom to ask, or to stop.
std::string said_of(const std::optional<LockHolder>& holder, std::string_view name) {
  if (!holder) {
    return fmt::format(
        "another run holds the machine: the socket @{} is taken and its owner cannot "
        "be seen from here; as root: ss -xlp | grep {}",
        name, name);
  }
  std::string text = fmt::format("another run holds the machine: pid {}", holder->pid);
  if (holder->uid != ::geteuid()) text += fmt::format(" of uid {}", holder->uid);
  if (holder->program != "ipcmark") {
    text += fmt::format(
        ", program `{}`; if that is no run, it keeps everybody from measuring until "
        "it ends: kill {}",
        holder->program, holder->pid);
  }
  return text;
}

}  // namespace

RunLockHeld::RunLockHeld(std::optional<LockHolder> holder, std::string_view name)
    : std::runtime_error(said_of(holder, name)), holder_(std::move(holder)) {}

RunLock::RunLock(std::string_view name) : fd_(-1) {
  const LockAddress address(name);
  fd_ = unix_socket();
  if (::bind(fd_, address.get(), address.length) == 0 && ::listen(fd_, SOMAXCONN) == 0) return;
  const int error = errno;
  ::close(fd_);
  if (error == EADDRINUSE) throw RunLockHeld(holder_of(address), name);
  throw std::system_error(error, std::generic_category(), "bind run lock");
}

RunLock::~RunLock() { ::close(fd_); }

}  // namespace ipcmark
