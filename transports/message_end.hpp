// The end of a socket that keeps message boundaries: one send(2) or recv(2) a message, or
// sendmmsg(2) and recvmmsg(2) for several. A message goes whole or not at all; how time passes
// while the socket is not ready is the wait policy.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "transports/patience.hpp"
#include "transports/posix.hpp"
#include "transports/socket.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

class MessageEnd {
 public:
  MessageEnd(Fd socket, const Shape& shape) : wait_(shape.wait), socket_(std::move(socket)) {
    reshape(shape);
  }

  void reshape(const Shape& shape) {
    spin_budget_ns_ = shape.spin_budget_ns;
    if (headers_.size() < shape.batch) headers_.resize(shape.batch), pieces_.resize(shape.batch);
  }

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] std::uint64_t buffer_bytes() const { return send_buffer_bytes(socket_.get()); }

  void send(std::span<const std::byte> message) {
    auto patience = writing();
    while (::send(socket_.get(), message.data(), message.size(), flags()) < 0) {
      expect_again("send");
      patience.again();
    }
  }

  bool try_send(std::span<const std::byte> message) {
    for (;;) {
      const auto n = ::send(socket_.get(), message.data(), message.size(), flags() | MSG_DONTWAIT);
      if (n >= 0) return true;
      if (errno == EAGAIN) return false;
      expect_again("send");
    }
  }

  // MSG_TRUNC: the message's own length, also when the buffer was too short for it.
  std::size_t recv(std::span<std::byte> buffer) {
    auto patience = reading();
    patience.before();
    for (;;) {
      const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), flags() | MSG_TRUNC);
      if (n >= 0) return not_closed(n, "recv: peer closed");
      expect_again("recv");
      patience.again();
    }
  }

  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    if (blocks(wait_)) {
      return readable_until(socket_.get(), deadline) ? recv(buffer) : 0;
    }
    auto patience = reading();
    if (!patience.before(deadline)) return 0;
    for (;;) {
      const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), flags() | MSG_TRUNC);
      if (n >= 0) return not_closed(n, "recv: peer closed");
      expect_again("recv");
      if (!patience.again(deadline)) return 0;
    }
  }

  // The kernel may take a part of a batch; the rest is offered again.
  void send_batch(const Batch& batch) {
    aim(batch);
    for (std::size_t sent = 0; sent < batch.count;) {
      auto patience = writing();
      int n = 0;
      while ((n = ::sendmmsg(socket_.get(), &headers_[sent],
                             static_cast<unsigned>(batch.count - sent), flags())) < 0) {
        expect_again("sendmmsg");
        patience.again();
      }
      sent += static_cast<std::size_t>(n);
    }
  }

  // Waits for one message, then takes what else is there.
  std::size_t recv_batch(const Batch& batch) { return take_batch(batch, std::nullopt); }

 protected:
  [[nodiscard]] Wait wait() const { return wait_; }
  [[nodiscard]] int flags() const { return MSG_NOSIGNAL | (blocks(wait_) ? 0 : MSG_DONTWAIT); }
  [[nodiscard]] int fd() const { return socket_.get(); }

  static void expect_again(const char* call) {
    if (errno != EAGAIN && errno != EINTR) check(-1, call);
  }

  // 0 when the deadline passed first; a socket that blocks must have a time-out of its own.
  std::size_t take_batch(const Batch& batch, std::optional<Deadline> deadline) {
    aim(batch);
    auto patience = reading();
    if (!patience.before(deadline)) return 0;
    int n = 0;
    while ((n = ::recvmmsg(socket_.get(), headers_.data(), static_cast<unsigned>(batch.count),
                           flags() | MSG_TRUNC | MSG_WAITFORONE, nullptr)) < 0) {
      expect_again("recvmmsg");
      if (!patience.again(deadline)) return 0;
    }
    return whole_messages(static_cast<std::size_t>(n), batch.bytes);
  }

 private:
  [[nodiscard]] FdPatience reading() const {
    return {wait_, socket_.get(), POLLIN, spin_budget_ns_, arrival_.get()};
  }
  [[nodiscard]] FdPatience writing() const {
    return {wait_, socket_.get(), POLLOUT, spin_budget_ns_, room_.get()};
  }

  // No message is empty, so nothing means that nobody is there any more.
  static std::size_t not_closed(ssize_t n, const char* what) {
    if (n == 0) throw std::system_error(EPIPE, std::generic_category(), what);
    return static_cast<std::size_t>(n);
  }

  // A batch that ends with the peer's closing is the messages before it.
  [[nodiscard]] std::size_t whole_messages(std::size_t n, std::size_t bytes) const {
    for (std::size_t i = 0; i < n; ++i) {
      if (headers_[i].msg_len == bytes) continue;
      if (headers_[i].msg_len == 0 && i > 0) return i;
      not_closed(headers_[i].msg_len, "recvmmsg: peer closed");
      throw std::system_error(EBADMSG, std::generic_category(), "recvmmsg: a message's length");
    }
    return n;
  }

  void aim(const Batch& batch) {
    if (headers_.size() < batch.count) headers_.resize(batch.count), pieces_.resize(batch.count);
    for (std::size_t i = 0; i < batch.count; ++i) {
      pieces_[i] = {batch[i].data(), batch.bytes};
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &pieces_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  Wait wait_;
  Fd socket_;
  EventPoll arrival_{wait_, socket_.get(), POLLIN}, room_{wait_, socket_.get(), POLLOUT};
  std::uint64_t spin_budget_ns_ = 0;
  std::vector<mmsghdr> headers_;
  std::vector<iovec> pieces_;
};

}  // namespace ipcmark
