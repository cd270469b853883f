#include "transports/ring.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "transports/keystream.hpp"

namespace ipcmark {
namespace {

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

// A ring whose two ends are threads of this process: what the thread sanitizer can see.
class RingMemory {
 public:
  RingMemory(std::uint64_t bytes, const Shape& shape)
      : layout_(bytes, shape),
        memory_(static_cast<std::byte*>(std::aligned_alloc(4096, layout_.bytes))) {
    view().initialise();
  }
  [[nodiscard]] RingView view() const { return {memory_.get(), layout_}; }

 private:
  RingLayout layout_;
  std::unique_ptr<std::byte, Free> memory_;
};

template <Wait W>
void stream(std::uint64_t bytes, std::uint32_t batch, std::uint32_t depth) {
  const Shape shape{.message_bytes = bytes, .depth = depth, .batch = batch, .wait = W};
  const RingMemory memory(bytes, shape);
  constexpr std::uint64_t kMessages = 2000;
  std::thread producer([&] {
    RingProducer<W> out(memory.view(), 1000);
    std::vector<std::byte> message(bytes);
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      keystream::fill(message, keystream::key(i));
      out.send(message);
    }
    out.publish();
  });
  RingConsumer<W> in(memory.view(), 1000);
  std::vector<std::byte> buffer(bytes);
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    ASSERT_EQ(in.recv(buffer), bytes);
    ASSERT_EQ(keystream::first_mismatch(buffer, keystream::key(i)), bytes) << "message " << i;
  }
  producer.join();
}

template <Wait W>
void stream_all() {
  for (const std::uint64_t bytes : {1, 8, 56, 57, 64, 65, 4097}) {
    for (const std::uint32_t batch : {1, 3, 32}) {
      for (const std::uint32_t depth : {0, 2}) stream<W>(bytes, batch, depth);
    }
  }
}

TEST(Ring, yielding_streams_arrive_whole_and_in_order) { stream_all<Wait::yield>(); }
TEST(Ring, blocking_streams_arrive_whole_and_in_order) { stream_all<Wait::block>(); }
TEST(Ring, spin_then_block_streams_arrive_whole_and_in_order) {
  stream_all<Wait::spin_then_block>();
}

TEST(Ring, small_unbatched_messages_ride_in_the_line) {
  EXPECT_TRUE(RingLayout(56, Shape{}).in_line);
  EXPECT_FALSE(RingLayout(57, Shape{}).in_line);
  EXPECT_FALSE(RingLayout(8, Shape{.batch = 2}).in_line);
  EXPECT_EQ(RingLayout(8, Shape{.batch = 2}).stride, 8u);
  EXPECT_EQ(RingLayout(64, Shape{}).stride, 64u);
}

TEST(Ring, room_holds_every_layout_up_to_the_widest_shape) {
  for (const std::uint64_t widest : {1ul, 100ul, 5000ul, 300'000ul, 4ul << 20}) {
    for (const std::uint32_t batch : {1u, 7u, 1024u}) {
      const Shape shape{.batch = batch};
      const std::size_t room = RingLayout::room(widest, shape);
      for (std::uint64_t bytes = 1; bytes <= widest; bytes = bytes * 3 / 2 + 1) {
        EXPECT_LE(RingLayout(bytes, shape).bytes, room) << bytes << " of " << widest;
      }
    }
  }
}

TEST(Ring, recv_with_a_deadline_never_returns_early) {
  const Shape shape{};
  const RingMemory memory(8, shape);
  RingConsumer<Wait::block> in(memory.view(), 0);
  std::byte buffer[8];
  for (const std::uint64_t timeout_ns : {0ul, 10'000ul, 2'000'000ul}) {
    const Deadline deadline = deadline_in(timeout_ns);
    EXPECT_EQ(in.recv(buffer, deadline), 0u);
    EXPECT_TRUE(passed(deadline));
  }
}

}  // namespace
}  // namespace ipcmark
