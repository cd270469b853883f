// The bare cache-line hand-off: one line each way that carries a sequence number and up to 56
// bytes. No ring, no indices, no free slots: the physical floor under every round trip between two
// CPUs. The peer polls the line that the other writes, so a message costs one transfer of ownership
// and one of the data.
#include <cerrno>
#include <cstring>
#include <system_error>

#include "transports/bell.hpp"
#include "transports/copy.hpp"
#include "transports/registry.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {
namespace {

struct alignas(kLineDistance) Line {
  std::atomic<std::uint64_t> sequence;
  std::byte payload[RingLayout::kLinePayload];
};

struct Lines {
  Line there, back;
  Bell unused;  // waiting for a line that nobody sleeps on
};

template <Wait W>
class CacheLineEnd {
 public:
  CacheLineEnd(const SharedObject& memory, Role role) : mapping_(memory.map()), role_(role) {}

  void reshape(const Shape& shape) {
    auto* lines = reinterpret_cast<Lines*>(mapping_.data());
    if (shape.home == role_) std::memset(static_cast<void*>(lines), 0, sizeof *lines);
    prefault(mapping_.bytes(), sizeof *lines);
    bell_ = &lines->unused;
    out_ = role_ == Role::client ? &lines->there : &lines->back;
    in_ = role_ == Role::client ? &lines->back : &lines->there;
    sent_ = received_ = 0;
  }

  void send(std::span<const std::byte> message) {
    copy_message(out_->payload, message.data(), message.size());
    out_->sequence.store(++sent_, std::memory_order_release);  // pairs with the load in recv
  }
  std::size_t recv(std::span<std::byte> buffer) {
    ++received_;
    bell::wait<W>(*bell_, 0, std::nullopt,
                  [this] { return in_->sequence.load(std::memory_order_acquire) == received_; });
    copy_message(buffer.data(), in_->payload, buffer.size());
    // Looked at again, on the line that is here already: a word says nothing of what it replaced.
    if (in_->sequence.load(std::memory_order_acquire) != received_) {
      throw std::system_error(EBADMSG, std::generic_category(), "a message over another");
    }
    return buffer.size();
  }

  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_of(mapping_.data()); }

 private:
  Mapping mapping_;
  Role role_;
  Line* out_ = nullptr;
  Line* in_ = nullptr;
  Bell* bell_ = nullptr;
  std::uint64_t sent_ = 0, received_ = 0;
};

class CacheLine {
 public:
  static constexpr Traits traits{.name = "cache_line",
                                 .summary = "the bare cache-line hand-off: the physical floor",
                                 .family = Family::floor,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .one_in_flight = true,
                                 .max_bytes = RingLayout::kLinePayload};

  explicit CacheLine(const Shape& widest) : memory_(open_shared_object(widest, sizeof(Lines))) {}

  template <Wait W>
  requires(!kSleeps<W>) CacheLineEnd<W> client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires(!kSleeps<W>) CacheLineEnd<W> server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<CacheLine> registered;

}  // namespace
}  // namespace ipcmark
