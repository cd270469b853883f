// Two pipes whose buffers are the sender's own pages.
//
// vmsplice puts references to the sender's pages into the pipe instead of copies, and the reader
// copies out of them: one copy by the kernel where the message was written in place, and before it
// the sender's own copy where it was not; two system calls and, when the reader sleeps, one
// wake-up. What surprises: when vmsplice returns, the message has not left: until the reader has
// read it, it is the sender's memory that will be read, and whoever writes the next message there
// changes the one before. Nothing tells the sender when a page is free again; only the pipe's
// capacity does: what lies further back than the pipe can hold has been read. So messages go round
// in a buffer of four times what the pipe holds, which is why a sender of small messages
// touches much memory. Each page or part of one takes a slot of the pipe (16 by default), so small
// messages fill it soon.
//
// SPLICE_F_GIFT (vmsplice_gift) promises the kernel whole pages for good, for a reader that splices
// them on into a file; a reader that reads cannot tell, and here the pages come back by the same
// rule. It costs a page for each message, however small.
#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace ipcmark {
namespace {

// The sender's memory, lent to the pipe piece by piece, round and round.
class Rotation {
 public:
  // Pieces are of `most` bytes or fewer. Of four times that, one part may be the end of a lap that
  // is left out, one the piece that is being written, one what was lent together with the byte it
  // starts at: the fourth, no less than the pipe can hold, has been lent since.
  Rotation(std::size_t capacity, std::size_t most, std::size_t align)
      : align_(align),
        bytes_(4 * round_up(std::max(capacity, most), kPage)),
        memory_(static_cast<std::byte*>(std::aligned_alloc(kPage, bytes_))) {
    if (!memory_) throw std::bad_alloc();
    std::memset(memory_.get(), 0, bytes_);  // touched by its own end, after pinning
  }

  std::span<std::byte> next(std::size_t n) {
    if (at_ + n > bytes_) at_ = 0;
    return {memory_.get() + at_, n};
  }
  void lent(std::size_t n) { at_ += round_up(n, align_); }

 private:
  static constexpr std::size_t kPage = 4096;
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  static std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

  std::size_t align_, bytes_;
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t at_ = 0;
};

template <unsigned Flags>
class VmspliceEnd {
 public:
  VmspliceEnd(Fd in, Fd out, const Shape& shape)
      : wait_(shape.wait),
        spin_budget_ns_(shape.spin_budget_ns),
        capacity_(static_cast<std::size_t>(check(::fcntl(out.get(), F_GETPIPE_SZ), "fcntl"))),
        out_(out.duplicate()),
        pipe_(std::move(in), std::move(out), shape),
        rotation_(capacity_, 0, kAlign) {}

  void reshape(const Shape& shape) {
    spin_budget_ns_ = shape.spin_budget_ns;
    pipe_.reshape(shape);
    const auto widest = std::max(shape.message_bytes, shape.reply_bytes);
    rotation_ = Rotation(capacity_, shape.access == Access::in_place ? widest : 0, kAlign);
    inbox_.resize(shape.access == Access::in_place ? widest : 0);
  }

  [[nodiscard]] int descriptor() const { return pipe_.descriptor(); }

  // In pieces that fill the pipe once, so that the reader has begun when the next is written.
  void send(std::span<const std::byte> message) {
    while (!message.empty()) {
      const std::size_t n = std::min(message.size(), capacity_);
      const auto piece = rotation_.next(n);
      std::memcpy(piece.data(), message.data(), n);
      lend(piece);
      message = message.subspan(n);
    }
  }
  void send_batch(const Batch& batch) { send({batch.data, batch.count * batch.bytes}); }

  std::size_t recv(std::span<std::byte> buffer) { return pipe_.recv(buffer); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return pipe_.recv_until(buffer, deadline);
  }
  std::size_t recv_batch(const Batch& batch) { return pipe_.recv_batch(batch); }

  // In place the message is written where the pipe will point to; the reader still copies.
  std::span<std::byte> reserve(std::size_t n) { return lending_ = rotation_.next(n); }
  void commit(std::size_t) { lend(lending_); }
  std::span<std::byte> peek(std::size_t n) {
    pipe_.recv({inbox_.data(), n});
    return {inbox_.data(), n};
  }
  void release() {}
  void flush() {}

 private:
  static constexpr std::size_t kAlign = (Flags & SPLICE_F_GIFT) != 0 ? 4096 : 64;
  [[nodiscard]] unsigned flags() const {
    return Flags | (blocks(wait_) ? 0u : unsigned{SPLICE_F_NONBLOCK});
  }

  // A call may take only as many pages as the pipe has free slots.
  void lend(std::span<std::byte> piece) {
    rotation_.lent(piece.size());
    FdPatience patience(wait_, out_.get(), POLLOUT, spin_budget_ns_, room_.get());
    while (!piece.empty()) {
      const iovec pages{piece.data(), piece.size()};
      const ssize_t n = ::vmsplice(out_.get(), &pages, 1, flags());
      if (n >= 0) {
        piece = piece.subspan(static_cast<std::size_t>(n));
      } else if (errno == EAGAIN) {
        patience.again();
      } else if (errno != EINTR) {
        check(n, "vmsplice");
      }
    }
  }

  Wait wait_;
  std::uint64_t spin_budget_ns_;
  std::size_t capacity_;
  Fd out_;
  EventPoll room_{wait_, out_.get(), EPOLLOUT};
  StreamEnd<> pipe_;
  Rotation rotation_;
  std::span<std::byte> lending_;
  std::vector<std::byte> inbox_;
};

template <unsigned Flags>
class Vmsplice {
 public:
  static constexpr Traits traits{
      .name = Flags == 0 ? "vmsplice" : "vmsplice_gift",
      .summary = Flags == 0 ? "pipes that refer to the sender's pages"
                            : "pipes that refer to pages given away (SPLICE_F_GIFT)",
      .family = Family::one_copy,
      .copies = 2,
      .copies_in_place = 1,
      .boundaries = false};

  explicit Vmsplice(const Shape& shape) : shape_(shape) {
    open(there_);
    open(back_);
  }

  template <Wait W>
  VmspliceEnd<Flags> client(int) {
    return {std::move(back_[0]), std::move(there_[1]), shape_};
  }
  template <Wait W>
  VmspliceEnd<Flags> server(int) {
    return {std::move(there_[0]), std::move(back_[1]), shape_};
  }

 private:
  static void open(Fd (&pair)[2]) {
    int fds[2];
    available(::pipe2(fds, O_CLOEXEC), "pipe2");
    pair[0] = Fd(fds[0]);
    pair[1] = Fd(fds[1]);
    const std::byte byte{};  // the kernel's own word on whether it can be done at all
    const iovec piece{const_cast<std::byte*>(&byte), 1};
    available(::vmsplice(fds[1], &piece, 1, Flags), "vmsplice");
    std::byte back;
    check(::read(fds[0], &back, 1), "read");
  }

  Shape shape_;
  Fd there_[2], back_[2];
};

const Register<Vmsplice<0>> registered;
const Register<Vmsplice<SPLICE_F_GIFT>> gift_registered;

}  // namespace
}  // namespace ipcmark
