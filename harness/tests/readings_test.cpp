// Launches that read something else than times: calls that are counted, lives of channels, effects.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "harness/contended_words.hpp"
#include "harness/tests/read_launch.hpp"

namespace ipcmark {
namespace {

TEST(CountingLaunch, counts_each_roles_calls_and_keeps_no_time) {
  const json record = launched(Reading::system_calls, trips("pipe"));
  if (record["status"] == "skipped") GTEST_SKIP() << record["reason"];
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const json messages = record["messages"];
  const json one_each = {{"read", {{"ok", messages}, {"again", 0}, {"error", 0}}},
                         {"write", {{"ok", messages}, {"again", 0}, {"error", 0}}}};
  for (const json& role : record["roles"]) {
    EXPECT_EQ(role["system_calls"], one_each);
    for (const char* time : {"cpu_ns", "user_ns", "system_ns", "run_queue_wait_ns"}) {
      EXPECT_FALSE(role.contains(time)) << time;
    }
  }
  EXPECT_EQ(record["values"]["system_calls_per_message"], 2);  // a write, and a read elsewhere
  EXPECT_EQ(record["values"]["ok_per_message"], 2);
  EXPECT_TRUE(record["windows"].is_null());
  EXPECT_TRUE(record["histograms"].empty());
  EXPECT_TRUE(record["canary"].is_null());
  EXPECT_EQ(record["metric"]["quantity"], "system_calls_per_message");
}

TEST(CountingLaunch, looking_in_vain_is_counted_apart) {
  Case point = trips("pipe");
  point.wait = Wait::spin;
  const json record = launched(Reading::system_calls, std::move(point));
  if (record["status"] == "skipped") GTEST_SKIP() << record["reason"];
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_EQ(record["values"]["ok_per_message"], 2);
  EXPECT_GT(record["values"]["again_per_message"], 0);
  EXPECT_EQ(record["values"]["error_per_message"], 0);
}

TEST(CountingLaunch, of_threads_is_counted_by_tracepoint_or_skipped_with_the_reason) {
  Case point = trips("pipe");
  point.roles = RoleKind::thread;
  const json record = launched(Reading::system_calls, std::move(point));
  if (record["status"] == "ok") {
    EXPECT_EQ(record["roles"][0]["counted_by"], "tracepoint");
    EXPECT_EQ(record["values"]["ok_per_message"], 2);
  } else {
    EXPECT_EQ(record["status"], "skipped");
    EXPECT_NE(record["reason"].get<std::string>().find("ptrace: Operation not permitted"),
              std::string::npos)
        << record["reason"];
  }
}

TEST(LifeCycleLaunch, times_each_phase_of_as_many_channels) {
  for (const RoleKind kind : {RoleKind::process, RoleKind::thread}) {
    Case point = trips("unix_stream");
    point.roles = kind;
    const json record = launched(Reading::life_cycle, std::move(point));
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    EXPECT_EQ(record["messages"], kLives);
    std::uint64_t phases = 0;
    for (const auto& [name, histogram] : record["histograms"].items()) {
      EXPECT_EQ(histogram["count"], kLives) << name;
      if (name != "cycle_ns") phases += histogram["sum"].get<std::uint64_t>();
    }
    EXPECT_EQ(record["histograms"].size(), 6u);
    // Each is rounded to a nanosecond.
    EXPECT_NEAR(static_cast<double>(phases), record["histograms"]["cycle_ns"]["sum"].get<double>(),
                3.0 * kLives);
    EXPECT_EQ(record["metric"]["quantity"], "cycle_ns");
    EXPECT_TRUE(record["windows"].is_null());
  }
}

TEST(LifeCycleLaunch, of_a_mechanism_without_an_answer_is_skipped) {
  Case point = trips("core_stream");
  point.wait = Wait::spin;
  const json record = launched(Reading::life_cycle, std::move(point));
  EXPECT_EQ(record["status"], "skipped");
  EXPECT_FALSE(record["reason"].get<std::string>().empty());
}

Case struck(Trigger trigger, RoleKind peer, std::uint64_t mappings = 1) {
  Case point = trips("cache_line");
  point.wait = Wait::spin;
  point.victim = Victim::spin;
  point.trigger = trigger;
  point.roles = peer;
  point.flush_pages = 1;
  point.mappings = mappings;
  return point;
}

struct Deliveries {
  const char* what;
  Case point;
  double tlb, calls;
};

// The kernel's own counts on the victim's CPU. The sides take turns, so each time the victim was
// switched out one blow at most needed no interrupt; more come from other programs, which strike
// the initiator's CPU as well.
TEST(ShootdownLaunch, interrupts_as_often_as_the_kernel_promises) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "who is struck needs a CPU of its own";
  using enum Trigger;
  for (const auto& [what, point, tlb, calls] : std::vector<Deliveries>{
           {"nothing", struck(none, RoleKind::process), 0, 0},
           {"membarrier", struck(membarrier, RoleKind::process), 0, 1},
           {"own mapping, another process", struck(own_mapping, RoleKind::process), 0, 0},
           {"own mapping, another thread", struck(own_mapping, RoleKind::thread), 1, 1},
           {"punched hole", struck(punch_hole, RoleKind::process), 1, 1},
           {"punched hole, mapped four times", struck(punch_hole, RoleKind::process, 4), 4, 4},
           {"punched hole, never touched", struck(punch_untouched, RoleKind::process), 0, 0}}) {
    SCOPED_TRACE(what);
    const json record = launched(Reading::shootdowns, point);
    if (record["status"] == "skipped") GTEST_SKIP() << record["reason"];
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    const json& values = record["values"];
    if (!values.contains("tlb_per_operation") || !values.contains("calls_per_operation")) {
      GTEST_SKIP() << "/proc/interrupts has no TLB or CAL row for these CPUs (the hardware "
                      "broadcasts, or the container hides it)";
    }
    const json& victim = record["roles"][1];
    const double blows = values["operations"];
    const double away = (victim["voluntary_switches"].get<double>() +
                         victim["involuntary_switches"].get<double>()) /
                        blows;
    const double others = 0.01 + 2 * values["initiator_tlb_per_operation"].get<double>();
    EXPECT_GE(values["tlb_per_operation"], tlb * (1 - away) - 1e-4);
    EXPECT_LE(values["tlb_per_operation"], tlb + others);
    EXPECT_GE(values["calls_per_operation"], calls * (1 - away) - 1e-4);
    EXPECT_LE(values["calls_per_operation"], calls + others + 0.01);
  }
}

TEST(ShootdownLaunch, strikes_each_of_several_victims) {
  const auto cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus < 2) GTEST_SKIP() << "who is struck needs a CPU of its own";
  Case point = struck(Trigger::punch_hole, RoleKind::process);
  point.consumers = 2;
  // As few as there can be: on two CPUs the victims take turns.
  const json record =
      launched(Reading::shootdowns, std::move(point), [](RunSettings& run) { run.measure_ns = 1; });
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  ASSERT_EQ(record["roles"].size(), 3u);
  EXPECT_EQ(record["histograms"]["stall_ns"]["count"], 2 * record["messages"].get<int>());
  EXPECT_EQ(record["histograms"]["trigger_ns"]["count"], record["messages"]);
  EXPECT_EQ(record.contains("oversubscribed"), cpus == 2);
  if (cpus == 2 || !record["values"].contains("tlb_per_operation")) return;
  EXPECT_NEAR(record["values"]["tlb_per_operation"], 2, 0.2);
}

TEST(ShootdownLaunch, beside_traffic_strikes_only_every_other_window) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "who is struck needs a CPU of its own";
  Case point = struck(Trigger::own_mapping, RoleKind::thread);
  point.transport = "shm_ring";
  point.victim = Victim::traffic;
  point.trigger_rate_per_s = 10'000;
  const json record = launched(Reading::shootdowns, std::move(point));
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  if (!record.contains("rounds")) GTEST_SKIP() << "the machine left no window alone";
  const json& rounds = record["rounds"];
  EXPECT_EQ(rounds["ns"].size(), rounds["solo_ns"].size());
  for (const double events : rounds["events_per_message"]) EXPECT_GT(events, 0);
  EXPECT_EQ(record["metric"]["quantity"], "round_trip_ns");
  const json& canary = record["canary"];
  EXPECT_GT(canary["before_ns"], 0);
  if (!canary.contains("interrupt_before_ns")) GTEST_SKIP() << "no membarrier here";
  // To another CPU and back through both kernels: more than a line's hand-off.
  EXPECT_GT(canary["interrupt_before_ns"], canary["before_ns"]);
  EXPECT_GT(canary["interrupt_after_ns"], 0);
}

// At the consumer's stall where the queue hides the call; both stages are timed before.
TEST(ShootdownLaunch, beside_a_stream_times_both_of_its_stages_first) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "who is struck needs a CPU of its own";
  for (const Bottleneck slower : {Bottleneck::producer, Bottleneck::consumer}) {
    Case point = struck(Trigger::own_mapping, RoleKind::thread);
    point.transport = "shm_ring";
    point.pattern = Pattern::pour;
    point.reply_bytes = 0;
    point.victim = Victim::traffic;
    point.bottleneck = slower;
    point.pace_ns = 500;
    point.depth = 16;
    point.trigger_rate_per_s = 10'000;
    const json record = launched(Reading::shootdowns, std::move(point));
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    EXPECT_EQ(record["metric"]["quantity"], "stream_ns_per_message");
    EXPECT_GT(record["histograms"]["trigger_ns"]["count"], 0);
    EXPECT_GT(record["histograms"]["stall_ns"]["count"], 0);
    if (!record.contains("rounds")) continue;  // the machine left no window alone
    for (const double ns : record["rounds"]["solo_ns"])
      EXPECT_GE(ns, 250);  // most of the work on each
    for (const double events : record["rounds"]["events_per_message"]) EXPECT_GT(events, 0);
  }
}

TEST(ShootdownLaunch, of_a_trigger_that_cannot_be_had_says_what_would_allow_it) {
  Case point = struck(Trigger::punch_hole, RoleKind::process);
  point.transport = "shm_ring";
  point.victim = Victim::traffic;
  const json record = launched(Reading::shootdowns, std::move(point));
  EXPECT_EQ(record["status"], "skipped");
  EXPECT_NE(record["reason"].get<std::string>().find("victim spin"), std::string::npos);
}

Case words_apart(std::uint64_t distance, Operation operation) {
  Case point = trips("cache_line");
  point.wait = Wait::spin;
  point.structure = Structure::words;
  point.operation = operation;
  point.neighbour = Neighbour::writer;
  point.distance_bytes = distance;
  point.pace_ns = 50;
  return point;
}

TEST(ContendedLaunch, loses_no_update_of_one_word_that_both_change) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "spinning sides need two CPUs";
  for (const Operation operation : {Operation::locked_increment, Operation::compare_exchange}) {
    const json record = launched(Reading::contention, words_apart(0, operation));
    ASSERT_EQ(record["status"], "ok") << record["reason"];  // the launch adds them up itself
    EXPECT_GT(record["roles"][1]["messages"], 0);
    EXPECT_EQ(record["metric"]["quantity"], "operation_ns");
  }
}

// The interval of the excess, as a share; none where the machine left too few windows alone.
std::optional<std::pair<double, double>> excess_between(const Case& point) {
  const json record = launched(Reading::contention, point, [](RunSettings& run) {
    run.windows = 64;
    run.measure_ns = 20'000'000;
  });
  EXPECT_EQ(record["status"], "ok") << record["reason"];
  if (!record.contains("rounds") || record["rounds"]["ns"].size() < 20) return std::nullopt;
  const auto with = record["rounds"]["ns"].get<std::vector<double>>();
  const auto alone = record["rounds"]["solo_ns"].get<std::vector<double>>();
  std::vector<double> excess;
  for (std::size_t i = 0; i < with.size(); ++i) excess.push_back(with[i] / alone[i] - 1);
  return interval_of(excess);
}

// Stores wait in the store buffer: no neighbour is felt, however near; and far away nothing is.
// A machine's other tenants are an excess, too: some launches meet them, not all.
TEST(ContendedLaunch, finds_no_excess_where_there_is_none) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "spinning sides need two CPUs";
  for (const Case& point :
       {words_apart(8, Operation::store), words_apart(256, Operation::fenced_store)}) {
    std::optional<std::pair<double, double>> found;
    for (int launch = 0; launch < 5; ++launch) {
      const auto excess = excess_between(point);
      found = excess ? excess : found;
      if (excess && excess->first < 0.02 && excess->second > -0.02) break;
    }
    if (!found) GTEST_SKIP() << "the machine left no twenty windows alone";
    EXPECT_LT(found->first, 0.02);  // less than this is no effect
    EXPECT_GT(found->second, -0.02);
  }
}

TEST(ContendedLaunch, of_structures_says_how_often_the_consumer_looked) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "spinning sides need two CPUs";
  for (const Structure structure : {Structure::state, Structure::payload, Structure::indices}) {
    Case point = words_apart(8, Operation::none);
    point.structure = structure;
    point.private_writes = 4;
    point.depth = 64;
    const json record = launched(Reading::contention, std::move(point));
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    const json windows = record["windows"];
    EXPECT_EQ(record["messages"],
              windows["messages_each"].get<std::uint64_t>() * windows["ns_per_message"].size() +
                  (structure != Structure::indices ? record["histograms"]["publish_ns"]["count"]
                                                   : json(0))
                      .get<std::uint64_t>());
    EXPECT_EQ(record["roles"][0]["messages"], record["roles"][1]["messages"]);
  }
}

TEST(ContendedLaunch, of_a_ring_whose_slots_are_no_power_of_two_is_skipped_with_the_reason) {
  Case point = words_apart(8, Operation::none);
  point.structure = Structure::indices;
  point.depth = 48;
  const json record = launched(Reading::contention, std::move(point));
  EXPECT_EQ(record["status"], "skipped");
  EXPECT_NE(record["reason"].get<std::string>().find("power of two"), std::string::npos);
}

TEST(ContendedLayout, has_the_offsets_it_says) {
  for (const std::uint64_t offset : {0, 64}) {
    for (std::uint64_t distance = 0; distance <= ContendedLayout::kFarthest; distance += 8) {
      Case point = words_apart(distance, Operation::store);
      point.offset_bytes = offset;
      const ContendedLayout layout = ContendedLayout::of(point);
      EXPECT_EQ(layout.first, offset);
      EXPECT_EQ(layout.second - layout.first, distance);
      EXPECT_GE(ContendedLayout::kAck, layout.second + kLineDistance);
    }
  }
}

}  // namespace
}  // namespace ipcmark
