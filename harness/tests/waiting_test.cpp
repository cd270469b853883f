// Patterns whose subject is time itself, on real processes: intervals, patience, and a lost server.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "harness/spawn.hpp"
#include "harness/tests/small_launch.hpp"
#include "harness/words.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

json record_of_one(const Case& point) {
  return run_launch_process(spec_of({point}), kDeadlineNs).at(0);
}

Case paced(std::uint64_t poll_interval_ns) {
  Case point = pings("pipe");
  point.pattern = Pattern::pace;
  point.reply_bytes = 0;
  point.rate_per_s = 10'000;
  point.schedule = Schedule::poisson;
  point.poll_interval_ns = poll_interval_ns;
  return point;
}

TEST(PollInterval, is_kept_from_look_to_look_and_nothing_is_lost) {
  constexpr std::uint64_t kInterval = 500'000;
  const json record = record_of_one(paced(kInterval));
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_GE(record["values"]["interval_got_ns"].get<double>(), 0.9 * kInterval);
  EXPECT_LT(record["values"]["looks"], record["messages"]);
  EXPECT_FALSE(record_of_one(paced(0))["values"].contains("looks"));
}

TEST(PollInterval, needs_a_receiver_that_can_only_look) {
  Case point = paced(1000);
  point.transport = "sysv_mq";
  EXPECT_EQ(record_of_one(point)["reason"], "sysv_mq has no recv_until");
}

json retried(std::uint64_t timeout_ns) {
  Case point = pings("pipe");
  point.pattern = Pattern::retry;
  point.think_ns = 500'000;
  point.timeout_ns = timeout_ns;
  return record_of_one(point);
}

TEST(Retry, counts_requests_whose_reply_was_only_slow) {
  const json short_of_it = retried(50'000);
  ASSERT_EQ(short_of_it["status"], "ok") << short_of_it["reason"];
  const double late = short_of_it["values"]["late_share"];
  EXPECT_GT(late, 0);
  EXPECT_LE(late, 1);
  EXPECT_GT(short_of_it["values"]["retries_per_request"].get<double>(), late);
  const json never = retried(kNever);
  EXPECT_EQ(never["values"]["late_share"], 0);
  EXPECT_EQ(never["messages"], never["histograms"]["round_trip_ns"]["count"]);
}

TEST(Thinking, is_told_as_it_was_and_not_as_it_was_asked_for) {
  Case point = pings("pipe");
  point.pattern = Pattern::ask;
  point.think_ns = 500'000;
  const json record = record_of_one(point);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const double thought = record["values"]["thought_ns"];
  EXPECT_GT(thought, 0);
  const auto windows = record["windows"]["ns_per_message"].get<std::vector<double>>();
  const double sum = std::accumulate(windows.begin(), windows.end(), 0.0);
  EXPECT_GE(sum / static_cast<double>(windows.size()),
            thought);  // the wait for a reply includes it
}

constexpr std::uint64_t kTimeout = 100'000'000;

json outlived(const char* transport, PeerFate fate) {
  Case point = pings(transport, 4);
  point.pattern = Pattern::detect;
  point.timeout_ns = kTimeout;
  point.peer = fate;
  return record_of_one(point);
}

TEST(Detection, of_a_killed_server_is_by_the_error_where_the_kernel_tells) {
  const json record = outlived("pipe", PeerFate::killed);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_EQ(record["messages"], 8);
  EXPECT_GT(record["values"]["told_by_error"], 0);
  EXPECT_EQ(record["values"]["errno"], EPIPE);
}

TEST(Detection, of_a_stopped_server_is_by_the_timeout_and_not_before) {
  const json record = outlived("pipe", PeerFate::stopped);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_EQ(record["values"]["told_by_error"], 0);
  // The request was on its way before the server took it and was lost.
  EXPECT_GT(record["histograms"]["detection_ns"]["min"].get<double>(), 0.5 * kTimeout);
  EXPECT_EQ(children_of_ours(), 0);
}

TEST(Detection, is_of_processes) {
  Case point = pings("pipe", 4);
  point.pattern = Pattern::detect;
  point.timeout_ns = kTimeout;
  point.peer = PeerFate::killed;
  point.roles = RoleKind::thread;
  EXPECT_EQ(record_of_one(point)["reason"], "a thread is neither killed nor stopped alone");
}

TEST(TimerSlack, is_what_was_asked_for) {
  Case point = pings("pipe");
  point.pattern = Pattern::expire;
  point.timeout_ns = 10'000;
  point.timer_slack_ns = 123'456;
  const json record = record_of_one(point);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_EQ(record["values"]["timer_slack_ns"], 123'460);  // as records round
  EXPECT_EQ(record["values"]["early"], 0);
}

}  // namespace
}  // namespace ipcmark
