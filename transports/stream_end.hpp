// The end of a byte stream: one descriptor to write, one to read. Short reads and writes are
// continued; how time passes while the descriptor is not ready is the wait policy.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "transports/patience.hpp"
#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// With `block` the descriptor itself blocks: one call a message, as a plain program would do it.
template <Wait W>
class StreamEnd {
 public:
  StreamEnd(Fd in, Fd out, const Shape& shape)
      : in_(std::move(in)), out_(std::move(out)), spin_budget_ns_(shape.spin_budget_ns) {
    in_.set_nonblocking(W != Wait::block);
    out_.set_nonblocking(W != Wait::block);
  }

  void reshape(const Shape& shape) { spin_budget_ns_ = shape.spin_budget_ns; }

  void send(std::span<const std::byte> message) {
    FdPatience<W> patience(out_.get(), POLLOUT, spin_budget_ns_);
    while (!message.empty()) {
      const ssize_t n = ::write(out_.get(), message.data(), message.size());
      if (n >= 0) {
        message = message.subspan(static_cast<std::size_t>(n));
      } else if (errno == EAGAIN) {
        patience.again();
      } else if (errno != EINTR) {
        check(n, "write");
      }
    }
  }

  std::size_t recv(std::span<std::byte> buffer) {
    for (std::size_t got = 0; got < buffer.size();) got += read_some(buffer.subspan(got));
    return buffer.size();
  }

  // Waits on the poll first: a read of a blocking descriptor would not come back.
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    FdPatience<W> patience(in_.get(), POLLIN, spin_budget_ns_);
    if constexpr (W == Wait::block) {
      if (!readable_until(deadline)) return 0;
      return recv(buffer);
    }
    for (;;) {
      const ssize_t n = ::read(in_.get(), buffer.data(), buffer.size());
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
    FdPatience<W> patience(in_.get(), POLLIN, spin_budget_ns_);
    for (;;) {
      const ssize_t n = ::read(in_.get(), buffer.data(), buffer.size());
      if (n > 0) return static_cast<std::size_t>(n);
      expect_again(n);
      patience.again();
    }
  }

 private:
  static void expect_again(ssize_t n) {
    if (n == 0) throw std::system_error(EPIPE, std::generic_category(), "read: peer closed");
    if (errno != EAGAIN && errno != EINTR) check(n, "read");
  }

  bool readable_until(Deadline deadline) {
    FdPatience<W> patience(in_.get(), POLLIN, spin_budget_ns_);
    pollfd ready{.fd = in_.get(), .events = POLLIN, .revents = 0};
    for (;;) {
      const timespec left = remaining(deadline);
      const int rc = ::ppoll(&ready, 1, &left, nullptr);
      if (rc > 0) return true;
      if (rc < 0 && errno != EINTR) check(rc, "ppoll");
      if (passed(deadline)) return false;
    }
  }

  Fd in_, out_;
  std::uint64_t spin_budget_ns_;
};

}  // namespace ipcmark
