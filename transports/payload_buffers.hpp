// Where an end's messages and replies lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "transports/transport.hpp"

namespace ipcmark {

// Page-aligned, touched, with headroom in front: the payload buffers of an end.
class PayloadBuffers {
 public:
  void fit(const Shape& shape, const Shape& widest);

  [[nodiscard]] std::span<std::byte> message() const {
    return {messages_.get() + kFront, message_bytes_};
  }
  [[nodiscard]] std::span<std::byte> reply() const { return {reply_.get() + kFront, reply_bytes_}; }
  [[nodiscard]] Batch batch(std::uint32_t count) const {
    return {messages_.get() + kFront, count, message_bytes_, message_bytes_};
  }

 private:
  // Headroom, and two lines beyond a page: with its header at the end of a page a hybrid's frame
  // met `rep movsb` at its slowest (a target a little behind its source, modulo 4096): a pipe's 32
  // KiB cost twice what they do here.
  static constexpr std::size_t kFront = 4096 + 128;
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  using Memory = std::unique_ptr<std::byte, Free>;
  static void grow(Memory& memory, std::size_t& have, std::size_t want);

  Memory messages_, reply_;
  std::size_t messages_room_ = 0, reply_room_ = 0;
  std::size_t message_bytes_ = 0, reply_bytes_ = 0;
};

}  // namespace ipcmark
