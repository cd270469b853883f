// A new piece of memory for each message, passed as a descriptor over a Unix socket.
//
// The sender creates a memfd, maps it, writes the message and sends the descriptor (SCM_RIGHTS)
// with the message's length; the receiver maps what it got, reads, unmaps and closes. The payload
// is copied into the memory and out of it, or in place not at all: the pages change hands. For that
// a message costs ten system calls, a page fault and a page to be zeroed at both ends for
// every 4 KiB, and the teardown of two mappings, which on a process with threads on other CPUs
// interrupts them (TLB shootdown). What surprises: what waits in the socket are whole memories, so
// its buffer is set to the least there is, a handful of messages; the receiver must trust the
// sender not to shrink the memory under it (a sealed memfd would not need that, for another call);
// and an open file descriptor more is taken for each message in flight.
#include <poll.h>
#include <sys/mman.h>

#include <optional>

#include "transports/fd_passing.hpp"
#include "transports/patience.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"
#include "transports/unix_pair.hpp"

namespace ipcmark {
namespace {

class MemfdFreshEnd {
 public:
  MemfdFreshEnd(Fd socket, const Shape& shape) : wait_(shape.wait), socket_(std::move(socket)) {
    reshape(shape);
  }

  void reshape(const Shape& shape) { spin_budget_ns_ = shape.spin_budget_ns; }
  [[nodiscard]] int descriptor() const { return socket_.get(); }

  std::span<std::byte> reserve(std::size_t n) {
    memory_ = Fd(check(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
    check(::ftruncate(memory_.get(), static_cast<off_t>(n)), "ftruncate");
    out_ = Mapping(memory_, n);
    return out_.bytes();
  }

  void commit(std::size_t n) {
    const std::uint64_t length = n;
    FdPatience patience(wait_, socket_.get(), POLLOUT, spin_budget_ns_, room_.get());
    while (send_fd(socket_.get(), memory_, std::as_bytes(std::span(&length, 1)), flags()) < 0) {
      expect_again("sendmsg");
      patience.again();
    }
    memory_ = Fd();
    out_ = Mapping();
  }

  std::span<std::byte> peek(std::size_t) { return receive(std::nullopt); }
  void release() { in_ = Mapping(); }
  void flush() {}

  void send(std::span<const std::byte> message) {
    std::memcpy(reserve(message.size()).data(), message.data(), message.size());
    commit(message.size());
  }
  std::size_t recv(std::span<std::byte> buffer) { return take(receive(std::nullopt), buffer); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    if (blocks(wait_)) {
      return readable_until(socket_.get(), deadline) ? recv(buffer) : 0;
    }
    return take(receive(deadline), buffer);
  }

 private:
  [[nodiscard]] int flags() const { return blocks(wait_) ? 0 : MSG_DONTWAIT; }

  static void expect_again(const char* call) {
    if (errno != EAGAIN && errno != EINTR) check(-1, call);
  }

  // Empty when the deadline passed first.
  std::span<std::byte> receive(std::optional<Deadline> deadline) {
    std::uint64_t length = 0;
    Fd memory;
    FdPatience patience(wait_, socket_.get(), POLLIN, spin_budget_ns_, arrival_.get());
    if (!patience.before(deadline)) return {};
    while (recv_fd(socket_.get(), memory, std::as_writable_bytes(std::span(&length, 1)), flags()) <
           0) {
      expect_again("recvmsg");
      if (!patience.again(deadline)) return {};
    }
    in_ = Mapping(memory, length);
    return in_.bytes();
  }

  std::size_t take(std::span<const std::byte> message, std::span<std::byte> buffer) {
    if (message.empty()) return 0;
    std::memcpy(buffer.data(), message.data(), std::min(message.size(), buffer.size()));
    const std::size_t n = message.size();
    release();
    return n;
  }

  Wait wait_;
  Fd socket_, memory_;
  EventPoll arrival_{wait_, socket_.get(), EPOLLIN};
  EventPoll room_{wait_, socket_.get(), EPOLLOUT};
  Mapping out_, in_;
  std::uint64_t spin_budget_ns_ = 0;
};

class MemfdFresh {
 public:
  static constexpr Traits traits{.name = "memfd_fresh",
                                 .summary = "a new memfd for each message, over a Unix socket",
                                 .family = Family::one_copy,
                                 .copies = 2};

  explicit MemfdFresh(const Shape& shape) : shape_(shape), pair_(open_unix_pair(SOCK_SEQPACKET)) {
    require_memory(std::max(shape.message_bytes, shape.reply_bytes));
    keep_short(pair_.client), keep_short(pair_.server);
  }

  template <Wait W>
  MemfdFreshEnd client(int) {
    return {std::move(pair_.client), shape_};
  }
  template <Wait W>
  MemfdFreshEnd server(int) {
    return {std::move(pair_.server), shape_};
  }

 private:
  // The size is the file's and the address space's to refuse; pages are not touched.
  static void require_memory(std::uint64_t bytes) {
    const Fd memory(available(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
    if (::ftruncate(memory.get(), static_cast<off_t>(bytes)) < 0) {
      refused("ftruncate", errno, "message_bytes " + std::to_string(bytes));
    }
  }
  static void keep_short(const Fd& socket) {
    const int least = 0;  // the kernel makes it SOCK_MIN_SNDBUF
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least), "setsockopt");
  }

  Shape shape_;
  SocketPair pair_;
};

const Register<MemfdFresh> registered;

}  // namespace
}  // namespace ipcmark
