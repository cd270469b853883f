#include "transports/ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "transports/keystream.hpp"
#include "transports/tests/seen_order.hpp"

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
    RingProducer<Bells<W>> out(memory.view(), 1000);
    std::vector<std::byte> message(bytes);
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      keystream::fill(message, keystream::key(i));
      out.send(message);
    }
    out.publish();
  });
  RingConsumer<Bells<W>> in(memory.view(), 1000);
  std::vector<std::byte> buffer(bytes);
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    ASSERT_EQ(in.recv(buffer), bytes);
    ASSERT_EQ(keystream::first_mismatch(buffer, keystream::key(i)), bytes) << "message " << i;
  }
  producer.join();
}

// Batches out and in, of other counts than each other and than the ring's own.
template <Wait W>
void stream_batches(std::uint64_t bytes, std::uint32_t batch, std::uint32_t send_count,
                    std::size_t stride) {
  const Shape shape{.message_bytes = bytes, .batch = batch, .wait = W};
  const RingMemory memory(bytes, shape);
  constexpr std::uint64_t kMessages = 1999;
  std::thread producer([&] {
    RingProducer<Bells<W>> out(memory.view(), 1000);
    std::vector<std::byte> messages(send_count * stride);
    for (std::uint64_t sent = 0; sent < kMessages;) {
      const Batch part{messages.data(), std::min<std::size_t>(send_count, kMessages - sent), bytes,
                       stride};
      for (std::size_t i = 0; i < part.count; ++i) keystream::fill(part[i], keystream::key(sent++));
      out.send(part);
    }
  });
  RingConsumer<Bells<W>> in(memory.view(), 1000);
  std::vector<std::byte> buffer(batch * stride);
  for (std::uint64_t got = 0; got < kMessages;) {
    const Batch part{buffer.data(), batch, bytes, stride};
    const std::size_t n = in.recv(part);
    ASSERT_GE(n, 1u);
    ASSERT_LE(n, batch);
    for (std::size_t i = 0; i < n; ++i, ++got) {
      ASSERT_EQ(keystream::first_mismatch(part[i], keystream::key(got)), bytes) << got;
    }
  }
  producer.join();
}

template <Wait W>
void stream_all_batches() {
  if (kSleeps<W> && !conformance::why_no_order().empty()) {
    GTEST_SKIP() << conformance::why_no_order();
  }
  for (const std::uint64_t bytes : {1, 8, 56, 64, 4097}) {
    for (const std::uint32_t batch : {1, 3, 32}) {
      for (const std::uint32_t count : {2, 32, 1500}) {
        for (const std::size_t gap : {0, 64}) stream_batches<W>(bytes, batch, count, bytes + gap);
      }
    }
  }
}

TEST(Ring, batches_arrive_whole_and_in_order) { stream_all_batches<Wait::yield>(); }
TEST(Ring, blocking_batches_arrive_whole_and_in_order) { stream_all_batches<Wait::block>(); }

TEST(Ring, a_batch_ends_where_messages_of_another_size_begin) {
  const Shape shape{.message_bytes = 8, .batch = 8};
  const RingMemory memory(8, shape);
  RingProducer<Bells<Wait::spin>> out(memory.view(), 0);
  std::vector<std::byte> bytes(64);
  out.send(Batch{bytes.data(), 3, 8, 8});
  out.send(Batch{bytes.data(), 2, 5, 8});
  RingConsumer<Bells<Wait::spin>> in(memory.view(), 0);
  EXPECT_EQ(in.recv(Batch{bytes.data(), 8, 8, 8}), 3u);
  EXPECT_EQ(in.recv(Batch{bytes.data(), 8, 8, 8}), 1u);  // one of 5 B, as recv would
  EXPECT_EQ(in.recv(Batch{bytes.data(), 8, 5, 8}), 1u);
}

template <Wait W>
void stream_all() {
  if (kSleeps<W> && !conformance::why_no_order().empty()) {
    GTEST_SKIP() << conformance::why_no_order();
  }
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

TEST(Ring, a_message_and_its_tag_share_a_line_while_they_fit) {
  for (const auto& [bytes, stride] : {std::pair{1u, 16u},
                                      {8u, 16u},
                                      {9u, 32u},
                                      {24u, 32u},
                                      {25u, 64u},
                                      {56u, 64u},
                                      {57u, 128u},
                                      {120u, 128u}}) {
    const RingLayout layout(bytes, Shape{});
    EXPECT_TRUE(layout.tagged);
    EXPECT_EQ(layout.stride, stride) << bytes;
  }
}

TEST(Ring, batched_messages_are_packed_without_tags) {
  EXPECT_FALSE(RingLayout(8, Shape{.batch = 2}).tagged);
  EXPECT_EQ(RingLayout(8, Shape{.batch = 2}).stride, 8u);
  EXPECT_EQ(RingLayout(64, Shape{.batch = 2}).stride, 64u);
}

TEST(Ring, what_another_shape_left_in_a_slot_is_not_a_message) {
  const Shape shape{};
  const RingLayout layout(8, shape);
  std::vector<std::byte> left(layout.bytes + 4096);
  std::byte* at = left.data() + 4096 - reinterpret_cast<std::uintptr_t>(left.data()) % 4096;
  const RingView view(at, layout);
  // The tags that a ring of the same slots would look for.
  for (std::uint64_t i = 0; i < layout.slots; ++i) view.tag(view.slot(i)) = RingView::tag_of(i, 8);
  view.initialise();
  RingConsumer<Bells<Wait::spin>> in(view, 0);
  std::byte buffer[8];
  EXPECT_EQ(in.recv(buffer, Deadline{}), 0u);
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
  RingConsumer<Bells<Wait::block>> in(memory.view(), 0);
  std::byte buffer[8];
  for (const std::uint64_t timeout_ns : {0ul, 10'000ul, 2'000'000ul}) {
    const Deadline deadline = deadline_in(timeout_ns);
    EXPECT_EQ(in.recv(buffer, deadline), 0u);
    EXPECT_TRUE(passed(deadline));
  }
}

}  // namespace
}  // namespace ipcmark
