// How a hybrid's messages travel through its queue: a header, then the payload itself or a
// descriptor of where it lies. Header and body are one contiguous piece in both cases, so sending
// is one write and receiving is one read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

enum class FrameKind : std::uint32_t { payload, descriptor };

struct FrameHeader {
  std::uint32_t body_bytes;
  FrameKind kind;
};
static_assert(sizeof(FrameHeader) == 8 && sizeof(FrameHeader) <= kHeadroom);

// The d bytes of T = (a_s + b_q·d)/(b_q − b_s).
struct FrameDescriptor {
  std::uint64_t offset;
  std::uint64_t bytes;
};
static_assert(sizeof(FrameDescriptor) == 16);

// Reads frames from a queue end; the body lands at `body`, the header in the headroom before it. A
// stream may return the beginning of the next frames too: they are kept. A queue with boundaries
// never does.
template <class QueueEnd>
class FrameReader {
 public:
  explicit FrameReader(QueueEnd& queue) : queue_(&queue) {}

  void reset() { kept_ = kept_end_ = 0; }
  [[nodiscard]] bool has_bytes() const { return kept_ != kept_end_; }

  // `room` bytes may be written from `body` on.
  FrameHeader read(std::byte* body, std::size_t room) {
    std::byte* at = body - sizeof(FrameHeader);
    const std::size_t most = room + sizeof(FrameHeader);
    if constexpr (requires { queue_->read_some(std::span<std::byte>{}); }) {
      return read_stream(at, most);
    } else {
      const std::size_t got = queue_->recv({at, most});
      if (got > most) broken();  // the queue had to cut it
      return header_of(at, got);
    }
  }

  static FrameHeader header_of(const std::byte* at, std::size_t got) {
    FrameHeader header{};
    std::memcpy(&header, at, sizeof header);
    if (got < sizeof header || header.body_bytes != got - sizeof header) broken();
    return header;
  }

  // The rest of a stream's frame of which `got` bytes are at `at` already.
  FrameHeader finish(std::byte* at, std::size_t got, std::size_t most) {
    bool read_more = false;
    const auto more = [&](std::size_t until) {
      got += queue_->read_some({at + got, until - got});
      read_more = true;
    };
    while (got < sizeof(FrameHeader)) more(most);
    FrameHeader header{};
    std::memcpy(&header, at, sizeof header);
    const std::size_t whole = sizeof header + header.body_bytes;
    if (whole > most) broken();
    while (got < whole) more(whole);
    if (read_more && got > whole) keep({at + whole, got - whole});
    return header;
  }

 private:
  [[noreturn]] static void broken() {
    throw std::system_error(EBADMSG, std::generic_category(), "hybrid: broken frame");
  }

  FrameHeader read_stream(std::byte* at, std::size_t most) {
    std::size_t got = 0;
    if (has_bytes()) [[unlikely]] {
      got = take_kept(at, sizeof(FrameHeader));
      FrameHeader header{};
      std::memcpy(&header, at, sizeof header);
      if (got == sizeof header)
        got += take_kept(at + got, std::min<std::size_t>(header.body_bytes, most - got));
    }
    return finish(at, got, most);
  }

  std::size_t take_kept(std::byte* to, std::size_t n) {
    n = std::min(n, kept_end_ - kept_);
    std::memcpy(to, kept_bytes_.data() + kept_, n);
    kept_ += n;
    return n;
  }

  void keep(std::span<const std::byte> rest) {
    if (kept_bytes_.size() < rest.size()) kept_bytes_.resize(rest.size());
    std::memcpy(kept_bytes_.data(), rest.data(), rest.size());
    kept_ = 0;
    kept_end_ = rest.size();
  }

  QueueEnd* queue_;
  std::vector<std::byte> kept_bytes_ = std::vector<std::byte>(64 * 1024);
  std::size_t kept_ = 0, kept_end_ = 0;
};

}  // namespace ipcmark
