// Launches about memory orders, nodes that come back, and lists at other addresses; and what these
// are made of.
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "harness/linked_list.hpp"
#include "harness/publication_words.hpp"
#include "harness/tagged_stack.hpp"
#include "harness/tests/read_launch.hpp"

namespace ipcmark {
namespace {

bool one_cpu() { return ::sysconf(_SC_NPROCESSORS_ONLN) < 2; }

Case effect_case(Structure structure) {
  Case point = trips("cache_line");
  point.wait = Wait::spin;
  point.structure = structure;
  point.message_bytes = point.reply_bytes = 56;
  return point;
}

Case told(Structure structure, Publication orders, std::uint64_t rounds = 0) {
  Case point = effect_case(structure);
  point.publication = orders;
  point.rounds = rounds;
  if (structure == Structure::indices) point.depth = 64;
  return point;
}

Case stacked(Structure structure, std::uint64_t bits, Advance advance = Advance::none) {
  Case point = effect_case(structure);
  point.counter_bits = bits;
  point.advance = advance;
  return point;
}

Case linked(Pointers pointers, std::uint64_t pages = 1) {
  Case point = effect_case(Structure::none);
  point.pointers = pointers;
  point.working_pages = pages;
  return point;
}

std::uint64_t count(const json& record, const char* name) {
  return record["values"][name].get<std::uint64_t>();
}

// Sides that never met have shown nothing: where both were always early or late, another launch.
TEST(LitmusLaunch, shows_what_is_allowed_and_nothing_else) {
  if (one_cpu()) GTEST_SKIP() << "spinning sides need two CPUs";
  constexpr std::uint64_t kRounds = 1 << 16;
  using enum Publication;
  for (const Publication orders : {relaxed, release_acquire, seq_cst, fences}) {
    for (const Structure test : {Structure::message_passing, Structure::store_buffering}) {
      const json record = launched(Reading::publication, told(test, orders, kRounds));
      ASSERT_EQ(record["status"], "ok") << record["reason"];  // one forbidden outcome fails it
      std::uint64_t outcomes = 0;
      for (const char* name : {"outcome_00", "outcome_01", "outcome_10", "outcome_11"}) {
        outcomes += count(record, name);
      }
      EXPECT_EQ(outcomes, count(record, "rounds"));
      EXPECT_EQ(outcomes, record["messages"]);
      EXPECT_GE(outcomes, kRounds);
      EXPECT_EQ(record["metric"]["quantity"], "litmus_ns");
#if defined(__x86_64__)  // neither stores nor loads pass each other
      EXPECT_TRUE(test != Structure::message_passing || count(record, "weak") == 0);
#endif
    }
  }
}

TEST(LitmusLaunch, finds_store_buffering_without_fences) {
  if (one_cpu()) GTEST_SKIP() << "spinning sides need two CPUs";
  std::uint64_t weak = 0;
  for (int launch = 0; launch < 10 && weak == 0; ++launch) {
    const json record = launched(Reading::publication,
                                 told(Structure::store_buffering, Publication::relaxed, 1 << 16));
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    weak = count(record, "weak");
  }
  EXPECT_GT(weak, 0);
}

// The interval of what an effect adds to its baseline, as a share, or none where the machine left
// too few windows alone.
std::optional<std::pair<double, double>> excess_over(const char* baseline, Reading reading,
                                                     const Case& point) {
  const json record = launched(reading, point, [](RunSettings& run) {
    run.windows = 64;
    run.measure_ns = 20'000'000;
  });
  EXPECT_EQ(record["status"], "ok") << record["reason"];
  if (!record.contains("rounds") || record["rounds"]["ns"].size() < 20) return std::nullopt;
  const auto with = record["rounds"]["ns"].get<std::vector<double>>();
  const auto without = record["rounds"][baseline].get<std::vector<double>>();
  std::vector<double> excess;
  for (std::size_t i = 0; i < with.size(); ++i) excess.push_back(with[i] / without[i] - 1);
  return interval_of(excess);
}

struct NullCase {
  const char* what;
  const char* baseline;
  Reading reading;
  Case point;
};

// A machine's other tenants are an excess, too: some launches meet them, not all.
TEST(EffectLaunch, finds_nothing_between_a_thing_and_itself) {
  if (one_cpu()) GTEST_SKIP() << "spinning sides need two CPUs";
  using enum Structure;
  for (const NullCase& null :
       std::vector<NullCase>{{"relaxed round trips", "relaxed_ns", Reading::publication,
                              told(state, Publication::relaxed)},
                             {"relaxed ring", "relaxed_ns", Reading::publication,
                              told(indices, Publication::relaxed)},
                             {"no counter", "naked_ns", Reading::reuse, stacked(stack, 0)},
                             {"raw pointers", "raw_ns", Reading::hops, linked(Pointers::raw)}}) {
    SCOPED_TRACE(null.what);
    std::optional<std::pair<double, double>> found;
    for (int launch = 0; launch < 5; ++launch) {
      const auto excess = excess_over(null.baseline, null.reading, null.point);
      found = excess ? excess : found;
      if (excess && excess->first < 0.02 && excess->second > -0.02) break;
    }
    if (!found) GTEST_SKIP() << "the machine left no twenty windows alone";
    EXPECT_LT(found->first, 0.02);  // less than this is no effect
    EXPECT_GT(found->second, -0.02);
  }
}

TEST(PublicationLaunch, loses_no_data_with_orders_that_promise_them) {
  if (one_cpu()) GTEST_SKIP() << "spinning sides need two CPUs";
  using enum Publication;
  for (const Publication orders : {release_acquire, seq_cst, fences}) {
    for (const Structure structure : {Structure::state, Structure::indices}) {
      const json record = launched(Reading::publication, told(structure, orders));
      ASSERT_EQ(record["status"], "ok") << record["reason"];  // the launch compares every word
      EXPECT_EQ(record["roles"][0]["messages"], record["roles"][1]["messages"]);
    }
  }
}

TEST(StackLaunch, breaks_without_a_counter_and_not_with_one) {
  if (one_cpu()) GTEST_SKIP() << "spinning sides need two CPUs";
  std::uint64_t broken = 0;
  for (int launch = 0; launch < 20 && broken == 0; ++launch) {
    const json record = launched(Reading::reuse, stacked(Structure::stack, 0));
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    broken = count(record, "storms_corrupted");
    EXPECT_LE(broken, count(record, "storms"));
  }
  EXPECT_GT(broken, 0);
  for (const std::uint64_t bits : {32, 64}) {
    const json record = launched(Reading::reuse, stacked(Structure::stack, bits));
    if (record["status"] == "skipped") continue;
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    for (const char* name : {"storms_corrupted", "held_twice", "nodes_lost", "endless"}) {
      EXPECT_EQ(count(record, name), 0) << name << ", " << bits << " bits";
    }
  }
}

TEST(StalledPopLaunch, is_deceived_exactly_when_the_counter_has_gone_round) {
  if (one_cpu()) GTEST_SKIP() << "spinning sides need two CPUs";
  using enum Advance;
  for (const std::uint64_t bits : {0, 3, 8, 16}) {
    for (const Advance advance : {one_less, exact, one_more}) {
      const json record = launched(Reading::reuse, stacked(Structure::stalled_pop, bits, advance));
      ASSERT_EQ(record["status"], "ok") << record["reason"];
      const bool round = bits == 0 || advance == exact;
      EXPECT_EQ(count(record, "undetected"), round ? count(record, "trials") : 0) << bits;
      EXPECT_EQ(count(record, "corrupted"), count(record, "undetected"));
      EXPECT_EQ(record["histograms"]["pause_ns"]["count"], record["values"]["trials"]);
    }
  }
}

TEST(ListLaunch, reports_children_that_raw_pointers_kill_or_mislead) {
  using enum Pointers;
  for (const Pointers pointers : {raw, offset64, offset32, self_relative}) {
    const json record = launched(Reading::hops, linked(pointers));
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    EXPECT_GT(count(record, "address_distance_bytes"), 0);
    const char* elsewhere = pointers == raw ? "elsewhere_faults" : "elsewhere_right";
    const char* occupied = pointers == raw ? "occupied_wrong" : "occupied_right";
    EXPECT_EQ(count(record, elsewhere), count(record, "elsewhere_trials"));
    EXPECT_EQ(count(record, occupied), count(record, "occupied_trials"));
    EXPECT_GT(count(record, "occupied_trials"), 0);
  }
}

TEST(EffectLaunch, that_cannot_be_had_says_what_would_be_valid) {
  struct Refused {
    Reading reading;
    Case point;
    const char* why;
  };
  Case threads = linked(Pointers::raw);
  threads.roles = RoleKind::thread;
  Case odd = told(Structure::state, Publication::relaxed);
  odd.message_bytes = 9;
  Case ring = told(Structure::indices, Publication::relaxed);
  ring.depth = 48;
  using enum Structure;
  for (const Refused& refused : std::vector<Refused>{
           {Reading::publication, told(message_passing, Publication::relaxed), "rounds 0"},
           {Reading::publication, odd, "whole words"},
           {Reading::publication, ring, "power of two"},
           {Reading::reuse, stacked(stack, 40), "up to 32"},
           {Reading::reuse, stacked(stalled_pop, 32, Advance::exact), "by arithmetic"},
           {Reading::hops, threads, "one address space"},
           {Reading::hops, linked(Pointers::raw, 0), "working_pages 0"}}) {
    const json record = launched(refused.reading, refused.point);
    EXPECT_EQ(record["status"], "skipped") << refused.why;
    EXPECT_NE(record["reason"].get<std::string>().find(refused.why), std::string::npos)
        << record["reason"];
  }
}

template <Counter C>
void expect_round(std::uint64_t bits) {
  StackMemory memory;
  TaggedStack<C> stack(memory, bits);
  stack.rebuild();
  const StackTop seen = stack.top();
  const std::uint64_t next = stack.next_of(seen.node);
  for (std::uint64_t i = 0; i < std::uint64_t{1} << (bits - 1); ++i) stack.push(stack.pop());
  EXPECT_EQ(stack.top().node, seen.node);
  EXPECT_EQ(stack.exchange(seen, next), C == Counter::narrow) << "once round is unseen by narrow";
}

TEST(TaggedStack, hands_out_every_node_once_in_order) {
  StackMemory memory;
  TaggedStack<Counter::narrow> stack(memory, 8);
  stack.rebuild();
  for (std::uint64_t i = 0; i < kStackNodes; ++i) EXPECT_EQ(stack.pop(), i);
  EXPECT_EQ(stack.pop(), kNoNode);
  stack.push(3), stack.push(5);
  EXPECT_EQ(stack.pop(), 5u);
  EXPECT_EQ(stack.pop(), 3u);
}

TEST(TaggedStack, counts_as_far_as_its_bits_reach) {
  expect_round<Counter::narrow>(8);
  if (!wide_exchange_refusal().empty()) GTEST_SKIP() << wide_exchange_refusal();
  expect_round<Counter::wide>(8);  // all of its 64 bits count
}

TEST(LinkedList, leads_through_every_node_whatever_the_links) {
  constexpr std::size_t kNodes = 64;
  std::vector<ListNode> room(kNodes);
  const std::span<std::byte> memory(reinterpret_cast<std::byte*>(room.data()),
                                    kNodes * kListNodeBytes);
  const auto walked = [&]<Pointers P>(std::uint64_t hops) {
    link_list(memory, P, reinterpret_cast<std::uintptr_t>(memory.data()));
    const ListNode* at = room.data();
    return walk<P>(at, memory.data(), hops);
  };
  for (const std::uint64_t hops : {1, 63, 64, 65, 200}) {
    const std::uint64_t sum = walked_sum(kNodes, hops);
    EXPECT_EQ(walked.operator()<Pointers::raw>(hops), sum);
    EXPECT_EQ(walked.operator()<Pointers::offset64>(hops), sum);
    EXPECT_EQ(walked.operator()<Pointers::offset32>(hops), sum);
    EXPECT_EQ(walked.operator()<Pointers::self_relative>(hops), sum);
  }
}

}  // namespace
}  // namespace ipcmark
