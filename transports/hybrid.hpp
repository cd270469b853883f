// hybrid<Q>: payload up to T goes through the queue Q; above T it is written to shared memory and a
// descriptor goes through the same Q. Its two parts are itself at T = never (all through the queue)
// and T = 0 (all through the arena), with the same frames and the same calls, so that a difference
// between them is the path's and nothing else's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "transports/arena.hpp"
#include "transports/frame.hpp"
#include "transports/registry.hpp"

namespace ipcmark {

template <class QueueEnd>
class HybridEnd {
 public:
  HybridEnd(QueueEnd queue, const SharedObject& memory, std::size_t messages_room, Role role,
            const Shape& widest)
      : wait_(widest.wait),
        queue_(std::make_unique<QueueEnd>(std::move(queue))),
        reader_(*queue_),
        mapping_(memory.map()),
        messages_room_(messages_room),
        role_(role),
        // A queue may want room for the widest message, whatever arrives.
        box_bytes_(std::max(widest.message_bytes, widest.reply_bytes) + 2 * kHeadroom) {}

  void reshape(const Shape& shape) {
    if constexpr (Reshapes<QueueEnd>) queue_->reshape(shape);
    const bool client = role_ == Role::client;
    Arena messages(mapping_.data(), {shape.message_bytes, shape.depth}, wait_,
                   shape.spin_budget_ns);
    Arena replies(mapping_.data() + messages_room_, {shape.reply_bytes, shape.depth}, wait_,
                  shape.spin_budget_ns);
    if (shape.home == role_) messages.initialise(), replies.initialise();
    if (shape.message_bytes > shape.threshold_bytes) messages.touch(messages_room_);
    if (shape.reply_bytes > shape.reply_threshold_bytes)
      replies.touch(mapping_.size() - messages_room_);
    out_ = client ? messages : replies;
    in_ = client ? replies : messages;
    threshold_ = client ? shape.threshold_bytes : shape.reply_threshold_bytes;
    reader_.reset();
    outbox_.resize(box_bytes_), inbox_.resize(box_bytes_);
  }

  void send(std::span<std::byte> message) {
    if (message.size() <= threshold_) return send_frame(FrameKind::payload, message);
    const auto slot = out_.reserve(message.size());
    std::memcpy(slot.data(), message.data(), message.size());
    send_descriptor(message.size());
  }

  std::size_t recv(std::span<std::byte> buffer) {
    return finish_recv(reader_.read(buffer.data(), room(buffer)), buffer);
  }

  std::size_t recv_until(std::span<std::byte> buffer,
                         Deadline deadline) requires ReceivesUntil<QueueEnd> {
    if (reader_.has_bytes()) return recv(buffer);
    std::byte* at = buffer.data() - sizeof(FrameHeader);
    if constexpr (requires { queue_->read_some(std::span<std::byte>{}); }) {
      const std::size_t got = queue_->recv_until({at, sizeof(FrameHeader)}, deadline);
      if (got == 0) return 0;
      return finish_recv(reader_.finish(at, got, sizeof(FrameHeader) + room(buffer)), buffer);
    } else {
      const std::size_t got =
          queue_->recv_until({at, sizeof(FrameHeader) + room(buffer)}, deadline);
      if (got == 0) return 0;
      return finish_recv(reader_.header_of(at, got), buffer);
    }
  }

  std::span<std::byte> reserve(std::size_t n) {
    if (n <= threshold_) return {outbox_.data() + kHeadroom, n};
    return out_.reserve(n);
  }
  void commit(std::size_t n) {
    if (n <= threshold_) return send_frame(FrameKind::payload, {outbox_.data() + kHeadroom, n});
    send_descriptor(n);
  }
  std::span<std::byte> peek(std::size_t n) {
    const std::span<std::byte> body{inbox_.data() + kHeadroom, n};
    const FrameHeader header = reader_.read(body.data(), room(body));
    lent_ = header.kind == FrameKind::descriptor;
    return lent_ ? described(body.data()) : body.first(header.body_bytes);
  }
  void release() {
    if (lent_) in_.release();
  }
  void flush() {}

  [[nodiscard]] std::uint64_t slots() const { return out_.slots(); }
  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_of(mapping_.data()); }
  [[nodiscard]] std::uint64_t buffer_bytes() const requires HasBuffer<QueueEnd> {
    return queue_->buffer_bytes();
  }

 private:
  [[nodiscard]] static std::size_t room(std::span<const std::byte> buffer) {
    return std::max(buffer.size(), sizeof(FrameDescriptor));
  }

  void send_frame(FrameKind kind, std::span<std::byte> body) {
    const FrameHeader header{static_cast<std::uint32_t>(body.size()), kind};
    std::byte* at = body.data() - sizeof header;  // the headroom is the transport's
    std::memcpy(at, &header, sizeof header);
    queue_->send({at, sizeof header + body.size()});
  }

  void send_descriptor(std::size_t bytes) {
    const FrameDescriptor descriptor{out_.commit(), bytes};
    std::byte* body = descriptor_.data() + kHeadroom;
    std::memcpy(body, &descriptor, sizeof descriptor);
    send_frame(FrameKind::descriptor, {body, sizeof descriptor});
  }

  std::span<std::byte> described(const std::byte* body) const {
    FrameDescriptor descriptor{};
    std::memcpy(&descriptor, body, sizeof descriptor);
    return in_.at(descriptor.offset, descriptor.bytes);
  }

  std::size_t finish_recv(FrameHeader header, std::span<std::byte> buffer) {
    if (header.kind == FrameKind::payload) return header.body_bytes;
    const auto message = described(buffer.data());
    std::memcpy(buffer.data(), message.data(), std::min(message.size(), buffer.size()));
    in_.release();
    return message.size();
  }

  Wait wait_;
  std::unique_ptr<QueueEnd> queue_;  // the reader points at it
  FrameReader<QueueEnd> reader_;
  Mapping mapping_;
  std::size_t messages_room_;
  Role role_;
  std::size_t box_bytes_;
  Arena out_, in_;
  std::uint64_t threshold_ = kNever;
  bool lent_ = false;
  std::vector<std::byte> outbox_, inbox_;
  alignas(64) std::array<std::byte, 2 * kHeadroom> descriptor_{};
};

template <class Q>
class Hybrid {
  // "hybrid_" + Q's name, at compile time: the registry derives every other mention from it.
  static constexpr auto kName = [] {
    std::array<char, 7 + Q::traits.name.size()> name{'h', 'y', 'b', 'r', 'i', 'd', '_'};
    std::copy(Q::traits.name.begin(), Q::traits.name.end(), name.begin() + 7);
    return name;
  }();

 public:
  static constexpr Traits traits{
      .name = {kName.data(), kName.size()},
      .summary = "queue up to T bytes, shared memory and a descriptor above",
      .family = Family::hybrid,
      .copies = 2,
      .shares_memory = true,
      .has_threshold = true,
      .has_buffer = Q::traits.has_buffer,
      .has_address = Q::traits.has_address,
      .has_nodelay = Q::traits.has_nodelay,
      .takes_depth = true};

  explicit Hybrid(const Shape& widest)
      : widest_(widest),
        queue_(queue_shape(widest)),
        messages_room_(ArenaLayout::room(widest.message_bytes, widest.depth)),
        memory_(open_shared_object(
            widest, messages_room_ + ArenaLayout::room(widest.reply_bytes, widest.depth))) {}

  template <Wait W>
  requires HasEnds<Q, W>
  auto client(int i) { return make(queue_.template client<W>(i), Role::client); }
  template <Wait W>
  requires HasEnds<Q, W>
  auto server(int j) { return make(queue_.template server<W>(j), Role::server); }

 private:
  template <class QueueEnd>
  HybridEnd<QueueEnd> make(QueueEnd end, Role role) {
    return {std::move(end), memory_, messages_room_, role, widest_};
  }

  // What the queue itself must carry: frames of what goes inline, and descriptors.
  static Shape queue_shape(Shape shape) {
    const auto frame = [](std::uint64_t bytes, std::uint64_t threshold) {
      return sizeof(FrameHeader) +
             std::max(std::min(bytes, threshold), std::uint64_t{sizeof(FrameDescriptor)});
    };
    shape.message_bytes = frame(shape.message_bytes, shape.threshold_bytes);
    shape.reply_bytes = frame(shape.reply_bytes, shape.reply_threshold_bytes);
    shape.backing = Backing::none, shape.page_bytes = 0;  // the arena's
    return shape;
  }

  Shape widest_;
  Q queue_;
  std::size_t messages_room_;
  SharedObject memory_;
};

}  // namespace ipcmark
