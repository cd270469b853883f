// Launches of mixtures and of backlogs, as the harness runs them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/spawn.hpp"
#include "harness/tests/small_launch.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

Case mixture(std::string transport, std::int64_t threshold = -1) {
  Case point = pings(std::move(transport), 4096);
  point.pattern = Pattern::pace;
  point.reply_bytes = 0;
  point.sizes = "bimodal";
  point.schedule = Schedule::poisson;
  point.rate_per_s = 20'000;
  point.threshold_bytes = threshold;
  if (threshold >= 0) point.path = Path::fixed, point.backing = Backing::memfd;
  return point;
}

TEST(MixtureLaunch, sends_every_case_of_a_block_the_same_sizes) {
  LaunchSpec spec = spec_of({mixture("hybrid_pipe", 0), mixture("hybrid_pipe", 256)});
  const auto records = run_launch_process(spec, kDeadlineNs);
  spec = spec_of({mixture("unix_seqpacket")});
  spec.seed = 99;  // another launch
  const json other = run_launch_process(spec, kDeadlineNs).at(0);
  for (const json& record : records) {
    ASSERT_EQ(record["status"], "ok") << record["reason"];
    EXPECT_EQ(record["values"]["mean_bytes"], other["values"]["mean_bytes"]);
    EXPECT_GT(record["values"]["stream_ns_per_message"], 0);
    EXPECT_GT(record["values"]["stream_cpu_ns_per_message"], 0);
    EXPECT_EQ(record["histograms"]["response_ns"]["count"], record["messages"]);
  }
  spec.block = 1;
  EXPECT_NE(run_launch_process(spec, kDeadlineNs).at(0)["values"]["mean_bytes"],
            other["values"]["mean_bytes"]);
}

TEST(MixtureLaunch, is_refused_where_nothing_tells_a_messages_end) {
  const auto reason = [](const Case& point) {
    return run_launch_process(spec_of({point}), kDeadlineNs).at(0)["reason"];
  };
  EXPECT_EQ(reason(mixture("pipe")), "pipe keeps no message boundaries");
  EXPECT_EQ(reason(mixture("udp")), "udp loses messages: of which size, nobody could tell");
  Case batched = mixture("unix_seqpacket");
  batched.batch = 8;
  EXPECT_EQ(reason(batched), "messages of several sizes are handed over one at a time");
}

json overtaking(std::string transport, Precedence precedence, std::uint32_t backlog = 7,
                std::uint32_t depth = 0) {
  Case point = pings(std::move(transport));
  point.pattern = Pattern::overtake;
  point.reply_bytes = 0;
  point.precedence = precedence;
  point.backlog = backlog;
  point.depth = depth;
  LaunchSpec spec = spec_of({point});
  spec.settings.phase_deadline_ns = 5'000'000'000;  // a backlog that does not fit takes one
  return run_launch_process(spec, kDeadlineNs).at(0);
}

TEST(OvertakingLaunch, counts_the_place_that_the_urgent_message_came_in) {
  const auto place = [](const char* transport, Precedence precedence) {
    const json record = overtaking(transport, precedence);
    EXPECT_EQ(record["status"], "ok") << record["reason"];
    EXPECT_EQ(record["histograms"]["urgent_ns"]["count"],
              record["histograms"]["drain_ns"]["count"]);
    return record["values"].value("urgent_position", 0.0);
  };
  using enum Precedence;
  EXPECT_EQ(place("posix_mq", fifo), 8);
  EXPECT_EQ(place("posix_mq", priority), 1);
  EXPECT_EQ(place("two_channels", priority), 1);
  EXPECT_EQ(place("sysv_mq", type_first), 8) << "a type is no priority";
  EXPECT_EQ(place("sysv_mq", type_own), 1);
  EXPECT_EQ(place("sysv_mq", type_lowest), 1);
  EXPECT_EQ(place("sysv_mq", type_highest), 8) << "the lowest is first, not the highest";
}

TEST(OvertakingLaunch, refuses_a_backlog_that_does_not_fit_and_an_order_that_is_not_there) {
  const json tight = overtaking("posix_mq", Precedence::fifo, 7, 4);
  EXPECT_EQ(tight["status"], "skipped");
  EXPECT_EQ(tight["reason"],
            "a backlog of 7 messages of 64 B does not fit: the sender had sent 4 after 1 s");
  EXPECT_EQ(overtaking("pipe", Precedence::priority)["reason"], "pipe has no send_priority");
  EXPECT_EQ(overtaking("posix_mq", Precedence::type_own)["reason"],
            "posix_mq has no message_types");
  EXPECT_EQ(overtaking("process_vm_readv", Precedence::fifo)["reason"],
            "process_vm_readv keeps no backlog");
}

}  // namespace
}  // namespace ipcmark
