// Memory passed once as a descriptor over a Unix socket; then each message is only told about.
//
// One end creates a memfd and sends its descriptor (SCM_RIGHTS); both map it. From then on the
// sender writes the message into a free slot and sends where it lies, 16 bytes, through the same
// socket; the receiver reads it there and gives the slot back in shared memory. The payload is
// copied into the slot and out of it, in place not at all; the kernel copies 16 bytes twice: two
// system calls and, when the receiver sleeps, one wake-up. What surprises: that is all that remains
// of memfd_fresh's price, and it is that of the socket for any size until the caches end; it is a
// hybrid of this socket whose every message takes the memory's path.
#include <algorithm>
#include <vector>

#include "transports/arena.hpp"
#include "transports/fd_passing.hpp"
#include "transports/frame.hpp"
#include "transports/message_end.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"
#include "transports/unix_pair.hpp"

namespace ipcmark {
namespace {

// Of the memory for both directions.
struct Rooms {
  std::size_t messages, replies;

  explicit Rooms(const Shape& widest)
      : messages(ArenaLayout::room(widest.message_bytes, widest.depth)),
        replies(ArenaLayout::room(widest.reply_bytes, widest.depth)) {}
  [[nodiscard]] std::size_t both() const { return messages + replies; }
};

class MemfdReadyEnd {
 public:
  MemfdReadyEnd(Fd socket, Role role, const Shape& widest)
      : wait_(widest.wait),
        passing_(socket.duplicate()),
        told_(std::move(socket), widest),
        role_(role),
        rooms_(widest) {}

  // The first time the home end creates the memory and passes it: it goes first, so that the
  // descriptor waits when the other end asks for it.
  void reshape(const Shape& shape) {
    told_.reshape(shape);
    const bool home = shape.home == role_;
    if (mapping_.size() == 0) mapping_ = Mapping(home ? create() : receive(), rooms_.both());
    std::byte* at = mapping_.data();
    Arena messages(at, {shape.message_bytes, shape.depth}, wait_, shape.spin_budget_ns);
    Arena replies(at + rooms_.messages, {shape.reply_bytes, shape.depth}, wait_,
                  shape.spin_budget_ns);
    if (home) messages.initialise(), replies.initialise();
    messages.touch(rooms_.messages), replies.touch(rooms_.replies);
    out_ = role_ == Role::client ? messages : replies;
    in_ = role_ == Role::client ? replies : messages;
  }

  std::span<std::byte> reserve(std::size_t n) { return out_.reserve(n); }
  void commit(std::size_t n) {
    const FrameDescriptor where{out_.commit(), n};
    told_.send(std::as_bytes(std::span(&where, 1)));
  }
  std::span<std::byte> peek(std::size_t) {
    FrameDescriptor where;
    told_.recv(std::as_writable_bytes(std::span(&where, 1)));
    return in_.at(where.offset, where.bytes);
  }
  void release() { in_.release(); }
  void flush() {}

  void send(std::span<const std::byte> message) {
    std::memcpy(reserve(message.size()).data(), message.data(), message.size());
    commit(message.size());
  }
  std::size_t recv(std::span<std::byte> buffer) { return take(peek(buffer.size()), buffer); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    FrameDescriptor where;
    if (told_.recv_until(std::as_writable_bytes(std::span(&where, 1)), deadline) == 0) return 0;
    return take(in_.at(where.offset, where.bytes), buffer);
  }

  // As many at a time as there are slots: the receiver must be told before it can give any back.
  void send_batch(const Batch& batch) {
    for (std::size_t sent = 0; sent < batch.count;) {
      const std::size_t n = std::min<std::size_t>(batch.count - sent, out_.slots());
      descriptors_.resize(n);
      for (std::size_t i = 0; i < n; ++i, ++sent) {
        std::memcpy(reserve(batch.bytes).data(), batch[sent].data(), batch.bytes);
        descriptors_[i] = {out_.commit(), batch.bytes};
      }
      told_.send_batch(descriptors());
    }
  }
  std::size_t recv_batch(const Batch& batch) {
    descriptors_.resize(batch.count);
    const std::size_t n = told_.recv_batch(descriptors());
    for (std::size_t i = 0; i < n; ++i) {
      (void)take(in_.at(descriptors_[i].offset, descriptors_[i].bytes), batch[i]);
    }
    return n;
  }

  [[nodiscard]] std::uint64_t slots() const { return out_.slots(); }

 private:
  [[nodiscard]] Batch descriptors() {
    const auto bytes = std::as_writable_bytes(std::span(descriptors_));
    return {bytes.data(), descriptors_.size(), sizeof(FrameDescriptor), sizeof(FrameDescriptor)};
  }

  [[nodiscard]] Fd create() const {
    Fd memory(check(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
    check(::ftruncate(memory.get(), static_cast<off_t>(rooms_.both())), "ftruncate");
    const std::byte hello{};
    check(send_fd(passing_.get(), memory, {&hello, 1}, 0), "sendmsg");
    return memory;
  }
  [[nodiscard]] Fd receive() const {
    Fd memory;
    std::byte hello{};
    const ssize_t n = recv_fd(passing_.get(), memory, {&hello, 1}, 0);
    check(n, "recvmsg");
    return memory;
  }

  std::size_t take(std::span<const std::byte> message, std::span<std::byte> buffer) {
    std::memcpy(buffer.data(), message.data(), std::min(message.size(), buffer.size()));
    release();
    return message.size();
  }

  Wait wait_;
  Fd passing_;
  MessageEnd told_;
  Role role_;
  Rooms rooms_;
  Mapping mapping_;
  Arena out_, in_;
  std::vector<FrameDescriptor> descriptors_;  // of a batch
};

class MemfdReady {
 public:
  static constexpr Traits traits{.name = "memfd_ready",
                                 .summary = "a memfd passed once; a Unix socket tells of messages",
                                 .family = Family::one_copy,
                                 .copies = 2,
                                 .takes_depth = true};

  explicit MemfdReady(const Shape& shape) : shape_(shape), pair_(open_unix_pair(SOCK_SEQPACKET)) {
    const Fd memory(available(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
    const std::size_t bytes = Rooms(shape).both();
    if (::ftruncate(memory.get(), static_cast<off_t>(bytes)) < 0) {
      refused("ftruncate", errno, "bytes " + std::to_string(bytes));
    }
  }

  template <Wait W>
  MemfdReadyEnd client(int) {
    return {std::move(pair_.client), Role::client, shape_};
  }
  template <Wait W>
  MemfdReadyEnd server(int) {
    return {std::move(pair_.server), Role::server, shape_};
  }

 private:
  Shape shape_;
  SocketPair pair_;
};

const Register<MemfdReady> registered;

}  // namespace
}  // namespace ipcmark
