// The bare futex: a word each way, and two system calls a message. The sender changes the word and
// wakes whoever waits for it, whether or not somebody does; the receiver sleeps until the word has
// changed. Nothing is saved by looking first who sleeps (what bell.hpp does for the rings), and
// nothing is added: what a hand-off costs here is a wake-up and a switch, the floor under every
// mechanism that blocks.
//
// What surprises: a receiver that comes late never sleeps, and a wake-up that nobody waited for
// still costs its call.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "transports/copy.hpp"
#include "transports/posix.hpp"
#include "transports/registry.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {
namespace {

// 32 bits, because a futex is; the payload lies on the same line.
struct alignas(kLineDistance) Word {
  std::atomic<std::uint32_t> sequence;
  std::byte payload[RingLayout::kLinePayload];
};

struct Words {
  Word there, back;
};

class FutexEnd {
 public:
  FutexEnd(const SharedObject& memory, Role role) : mapping_(memory.map()), role_(role) {}

  void reshape(const Shape& shape) {
    auto* words = reinterpret_cast<Words*>(mapping_.data());
    if (shape.home == role_) std::memset(static_cast<void*>(words), 0, sizeof *words);
    prefault(mapping_.bytes(), sizeof *words);
    out_ = role_ == Role::client ? &words->there : &words->back;
    in_ = role_ == Role::client ? &words->back : &words->there;
    sent_ = received_ = 0;
  }

  void send(std::span<const std::byte> message) {
    copy_message(out_->payload, message.data(), message.size());
    out_->sequence.store(++sent_, std::memory_order_release);  // pairs with the load in recv
    check(::syscall(SYS_futex, &out_->sequence, FUTEX_WAKE, 1, nullptr, nullptr, 0), "futex wake");
  }

  std::size_t recv(std::span<std::byte> buffer) {
    while (in_->sequence.load(std::memory_order_acquire) == received_) {
      const auto rc =
          ::syscall(SYS_futex, &in_->sequence, FUTEX_WAIT, received_, nullptr, nullptr, 0);
      if (rc < 0 && errno != EAGAIN && errno != EINTR) check(rc, "futex wait");
    }
    ++received_;
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
  Word* out_ = nullptr;
  Word* in_ = nullptr;
  std::uint32_t sent_ = 0, received_ = 0;
};

class Futex {
 public:
  static constexpr Traits traits{.name = "futex",
                                 .summary = "the bare futex: the floor of what blocks",
                                 .family = Family::floor,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .one_in_flight = true,
                                 .max_bytes = RingLayout::kLinePayload};

  explicit Futex(const Shape& widest) : memory_(open_shared_object(widest, sizeof(Words))) {}

  template <Wait W>
  requires(W == Wait::block) FutexEnd client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires(W == Wait::block) FutexEnd server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<Futex> registered;

}  // namespace
}  // namespace ipcmark
