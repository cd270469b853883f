// The bare cross-core stream: one core writes buffers, the other reads them, one flag a buffer. The
// physical limit of every stream between two CPUs: no indices, no lengths, nothing to copy. One way
// only, in place only.
#include <algorithm>

#include "transports/bell.hpp"
#include "transports/registry.hpp"
#include "transports/ring.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {
namespace {

using Flag = RingIndex;  // a line of its own: 0 the writer's, else the reader's

// As many buffers as a ring of these messages has slots, so that both move the same memory.
struct StreamLayout {
  std::uint64_t buffers, stride;
  std::size_t data_at, bytes;

  // The ring's indexed layout, whatever the size.
  static Shape indexed(Shape shape) {
    shape.batch = std::max(shape.batch, 2u);
    return shape;
  }
  // Enough for every shape whose sizes are not above this one's.
  static std::size_t room(const Shape& widest) {
    const Shape shape = indexed(widest);
    const std::size_t most =
        std::max<std::size_t>({RingLayout::kMostSlots, widest.depth, 2ul * shape.batch});
    return RingLayout::room(std::max<std::uint64_t>(widest.message_bytes, 64), shape) +
           2 * most * sizeof(Flag);
  }

  explicit StreamLayout(const Shape& shape) {
    const RingLayout ring(std::max<std::uint64_t>(shape.message_bytes, 64), indexed(shape));
    buffers = ring.slots;
    stride = ring.stride;
    data_at = buffers * sizeof(Flag);
    bytes = data_at + buffers * stride;
  }
};

template <Wait W>
class CoreStreamEnd {
 public:
  CoreStreamEnd(const SharedObject& memory, Role role) : mapping_(memory.map()), role_(role) {}

  void reshape(const Shape& shape) {
    const StreamLayout layout(shape);
    flags_ = reinterpret_cast<Flag*>(mapping_.data());
    prefault(mapping_.bytes(), layout.bytes);
    if (shape.home == role_) std::memset(static_cast<void*>(flags_), 0, layout.data_at);
    data_ = mapping_.data() + layout.data_at;
    stride_ = layout.stride;
    buffers_ = layout.buffers;
    next_ = 0;
  }

  std::span<std::byte> reserve(std::size_t n) { return await(0, n); }
  void commit(std::size_t) { pass(1); }
  std::span<std::byte> peek(std::size_t n) { return await(1, n); }
  void release() { pass(0); }
  void flush() {}
  [[nodiscard]] std::uint64_t slots() const { return buffers_; }
  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_of(mapping_.data()); }

 private:
  // Buffers go round; each waits for its own flag (pairs with the other end's pass).
  std::span<std::byte> await(std::uint64_t whose, std::size_t n) {
    at_ = next_ & (buffers_ - 1);
    bell::wait<W>(unused_, 0, std::nullopt,
                  [&] { return flags_[at_].position.load(std::memory_order_acquire) == whose; });
    return {data_ + at_ * stride_, n};
  }
  void pass(std::uint64_t whose) {
    flags_[at_].position.store(whose, std::memory_order_release);
    ++next_;
  }

  Mapping mapping_;
  Role role_;
  Flag* flags_ = nullptr;
  std::byte* data_ = nullptr;
  std::uint64_t stride_ = 0, buffers_ = 1, next_ = 0, at_ = 0;
  static inline Bell unused_{};
};

class CoreStream {
 public:
  static constexpr Traits traits{.name = "core_stream",
                                 .summary = "bare cross-core stream of buffers: the physical limit",
                                 .family = Family::floor,
                                 .copies = 0,
                                 .shares_memory = true,
                                 .takes_depth = true,
                                 .answers = false};

  explicit CoreStream(const Shape& widest)
      : memory_(open_shared_object(widest, StreamLayout::room(widest))) {}

  template <Wait W>
  requires(!kSleeps<W>) CoreStreamEnd<W> client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires(!kSleeps<W>) CoreStreamEnd<W> server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<CoreStream> registered;

}  // namespace
}  // namespace ipcmark
