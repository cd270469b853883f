// A planted bug, and the same without it: rings of slots in shared memory whose one struct has one
// wrong pad. The producer keeps for itself, in each slot, how far it has come with it. Where that
// word lies in the line that the consumer polls, each change takes the line away from the consumer,
// which takes it back before the next. Both changes are locked, so that each waits for the line:
// plain stores one after the other would change it in one visit, and cost nothing.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "transports/bell.hpp"
#include "transports/plugin.hpp"
#include "transports/registry.hpp"
#include "transports/shared_object.hpp"

namespace {

using namespace ipcmark;

// Who put a slot together, in the order of the ways to go wrong in it.
enum class Stage : std::uint64_t { free, claimed, copied };

constexpr std::uint64_t kSlots = 64;
constexpr std::size_t kPayload = 40;  // in the tag's line

template <std::size_t Pad>
struct alignas(kLineDistance) Slot {
  std::atomic<Stage> stage;  // the producer's alone
  std::byte pad[Pad];
  std::atomic<std::uint64_t> tag;  // which message, and its length: polled by the consumer
  std::byte payload[kPayload];
};
using Padded = Slot<kLineDistance - sizeof(Stage)>;
using Misplaced = Slot<8>;  // as if a word were a line
static_assert(offsetof(Padded, tag) == kLineDistance);
static_assert(offsetof(Misplaced, payload) + kPayload == 64);

template <class S>
struct Ring {
  S slots[kSlots];
  alignas(kLineDistance) std::atomic<std::uint64_t> released;  // by the consumer, in halves
};

template <class S, Wait W>
class PadEnd {
 public:
  PadEnd(const SharedObject& memory, Role role) : mapping_(memory.map()), role_(role) {}

  void reshape(const Shape& shape) {
    auto* rings = reinterpret_cast<Ring<S>*>(mapping_.data());
    if (shape.home == role_) std::memset(static_cast<void*>(rings), 0, 2 * sizeof *rings);
    prefault(mapping_.bytes(), 2 * sizeof *rings);
    out_ = &rings[role_ == Role::client ? 0 : 1];
    in_ = &rings[role_ == Role::client ? 1 : 0];
    sent_ = received_ = 0;
    free_until_ = kSlots;
  }

  void send(std::span<const std::byte> message) {
    if (sent_ == free_until_) await_room();
    S& slot = out_->slots[sent_ % kSlots];
    slot.stage.store(Stage::claimed, std::memory_order_seq_cst);  // for who finds it after a crash
    std::memcpy(slot.payload, message.data(), message.size());
    slot.stage.store(Stage::copied, std::memory_order_seq_cst);
    // Pairs with the load in recv.
    slot.tag.store(++sent_ << 32 | message.size(), std::memory_order_release);
  }

  std::size_t recv(std::span<std::byte> buffer) {
    S& slot = in_->slots[received_ % kSlots];
    ++received_;
    std::uint64_t length = 0;
    wait([&] {
      length = slot.tag.load(std::memory_order_acquire) - (received_ << 32);
      return length <= kPayload;
    });
    std::memcpy(buffer.data(), slot.payload, length);
    if (received_ % (kSlots / 2) == 0) {
      in_->released.store(received_, std::memory_order_release);  // pairs with await_room
    }
    return length;
  }

  [[nodiscard]] std::uint64_t slots() const { return kSlots; }
  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_of(mapping_.data()); }

 private:
  template <class Ready>
  void wait(Ready ready) {
    bell::spin_until(std::nullopt, ready, W == Wait::yield);
  }
  void await_room() {
    wait([this] {
      free_until_ = out_->released.load(std::memory_order_acquire) + kSlots;
      return free_until_ != sent_;
    });
  }

  Mapping mapping_;
  Role role_;
  Ring<S>* out_ = nullptr;
  Ring<S>* in_ = nullptr;
  std::uint64_t sent_ = 0, received_ = 0, free_until_ = 0;
};

template <class S>
inline constexpr std::string_view kName = std::is_same_v<S, Padded> ? "ring_plain" : "ring_staged";

template <class S>
class PadRing {
 public:
  static constexpr Traits traits{.name = kName<S>,
                                 .summary = "slots that remember how far they have come",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .max_bytes = kPayload};

  explicit PadRing(const Shape& widest)
      : memory_(open_shared_object(widest, 2 * sizeof(Ring<S>))) {}

  template <Wait W>
  requires(!kSleeps<W>) PadEnd<S, W> client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires(!kSleeps<W>) PadEnd<S, W> server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<PadRing<Padded>> padded;
const Register<PadRing<Misplaced>> misplaced;

}  // namespace

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
    ipcmark::describe_plugin("planted_pad");
