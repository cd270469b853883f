// The end of a byte stream: one descriptor to write, one to read. Short reads and writes are
// continued; how time passes while the descriptor is not ready is the wait policy.
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <poll.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "transports/patience.hpp"
#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// The calls that move bytes through a descriptor, and their names in errors.
struct FileCalls {
  static constexpr const char* kWrite = "write";
  static constexpr const char* kRead = "read";
  static constexpr const char* kClosed = "read: peer closed";
  static ssize_t write(int fd, std::span<const std::byte> from) {
    return ::write(fd, from.data(), from.size());
  }
  static ssize_t read(int fd, std::span<std::byte> to) { return ::read(fd, to.data(), to.size()); }
};

// Of a pipe, which also tells what it holds.
struct PipeCalls : FileCalls {
  static constexpr const char* kTryWrite = "write O_NONBLOCK";
  static constexpr std::size_t kWhole = PIPE_BUF;  // up to this all of a message goes, or nothing
  static ssize_t try_write(int fd, std::span<const std::byte> from) { return write(fd, from); }
  // The same pipe opened once more, not to block: RWF_NOWAIT is not for named ones (seen on 6.18).
  static Fd trier(int fd) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return Fd(available(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), "open " + path));
  }
  static std::uint64_t buffer_bytes(int fd) {
    return static_cast<std::uint64_t>(check(::fcntl(fd, F_GETPIPE_SZ), "fcntl F_GETPIPE_SZ"));
  }
};

template <class Calls>
concept HasCapacity = requires(int fd) {
  { Calls::buffer_bytes(fd) } -> std::same_as<std::uint64_t>;
};

template <class Calls>
concept TriesWrite = requires(int fd, std::span<const std::byte> from) {
  { Calls::try_write(fd, from) } -> std::same_as<ssize_t>;
};

// With `block` the descriptor itself blocks: one call a message, as a plain program would do it.
template <class Calls = FileCalls>
class StreamEnd {
 public:
  StreamEnd(Fd in, Fd out, const Shape& shape)
      : wait_(shape.wait),
        in_(std::move(in)),
        out_(std::move(out)),
        spin_budget_ns_(shape.spin_budget_ns) {
    in_.set_nonblocking(!blocks(wait_));
    out_.set_nonblocking(!blocks(wait_));
  }

  // One descriptor for both, as a socket is. Braces: duplicated before it is moved from.
  StreamEnd(Fd both, const Shape& shape) : StreamEnd{both.duplicate(), std::move(both), shape} {}

  void reshape(const Shape& shape) { spin_budget_ns_ = shape.spin_budget_ns; }
  [[nodiscard]] std::uint64_t buffer_bytes() const requires HasCapacity<Calls> {
    return Calls::buffer_bytes(out_.get());
  }
  [[nodiscard]] int descriptor() const { return in_.get(); }

  void send(std::span<const std::byte> message) {
    FdPatience patience(wait_, out_.get(), POLLOUT, spin_budget_ns_, room_.get());
    while (!message.empty()) {
      const ssize_t n = Calls::write(out_.get(), message);
      if (n >= 0) {
        message = message.subspan(static_cast<std::size_t>(n));
      } else if (errno == EAGAIN) {
        patience.again();
      } else if (errno != EINTR) {
        check(n, Calls::kWrite);
      }
    }
  }

  bool try_send(std::span<const std::byte> message) requires TriesWrite<Calls> {
    if (message.size() > Calls::kWhole) {
      throw Unavailable("try_send: " + std::to_string(message.size()) +
                        " B go in parts (whole up to " + std::to_string(Calls::kWhole) + ")");
    }
    for (;;) {
      const ssize_t n = Calls::try_write(trying(), message);
      if (n == static_cast<ssize_t>(message.size())) return true;
      if (n >= 0) throw std::system_error(EBADMSG, std::generic_category(), Calls::kTryWrite);
      if (errno == EAGAIN) return false;
      if (errno != EINTR) available(n, Calls::kTryWrite);
    }
  }

  std::size_t recv(std::span<std::byte> buffer) {
    for (std::size_t got = 0; got < buffer.size();) got += read_some(buffer.subspan(got));
    return buffer.size();
  }

  // Waits on the poll first: a read of a blocking descriptor would not come back.
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    if (blocks(wait_)) {
      return readable_until(in_.get(), deadline) ? recv(buffer) : 0;
    }
    auto patience = reading();
    if (!patience.before(deadline)) return 0;
    for (;;) {
      const ssize_t n = Calls::read(in_.get(), buffer);
      if (n > 0) {
        recv(buffer.subspan(static_cast<std::size_t>(n)));
        return buffer.size();
      }
      expect_again(n);
      if (!patience.again(deadline)) return 0;
    }
  }

  // A stream does not see where messages end: a batch is one write, and a read takes what is there.
  void send_batch(const Batch& batch) { send({batch.data, batch.count * batch.bytes}); }

  std::size_t recv_batch(const Batch& batch) {
    std::size_t got = read_some({batch.data, batch.count * batch.bytes});
    const std::size_t whole = (got + batch.bytes - 1) / batch.bytes * batch.bytes;
    if (got < whole) recv({batch.data + got, whole - got});
    return whole / batch.bytes;
  }

  // One read: at least a byte, at most the buffer.
  std::size_t read_some(std::span<std::byte> buffer) {
    auto patience = reading();
    patience.before();
    for (;;) {
      const ssize_t n = Calls::read(in_.get(), buffer);
      if (n > 0) return static_cast<std::size_t>(n);
      expect_again(n);
      patience.again();
    }
  }

 private:
  // The descriptor that a refusal comes from, where sending blocks.
  int trying() {
    if constexpr (requires { Calls::trier(0); }) {
      if (!blocks(wait_)) return out_.get();
      if (!tries_) tries_ = Calls::trier(out_.get());
      return tries_.get();
    }
    return out_.get();
  }
  [[nodiscard]] FdPatience reading() const {
    return {wait_, in_.get(), POLLIN, spin_budget_ns_, arrival_.get()};
  }

  static void expect_again(ssize_t n) {
    if (n == 0) throw std::system_error(EPIPE, std::generic_category(), Calls::kClosed);
    if (errno != EAGAIN && errno != EINTR) check(n, Calls::kRead);
  }

  Wait wait_;
  Fd in_, out_, tries_;
  EventPoll arrival_{wait_, in_.get(), POLLIN}, room_{wait_, out_.get(), POLLOUT};
  std::uint64_t spin_budget_ns_;
};

}  // namespace ipcmark
