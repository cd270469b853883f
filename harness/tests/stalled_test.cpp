// A server that is idle for 50 ms in the midst of a launch, seen by an open and by a closed loop:
// what each makes of it is arithmetic.
//
// Ends run under SCHED_FIFO where that is permitted, since another program's turn on their CPU
// would be a second stall. They spin, since who waits for a CPU after it slept is not counted as
// having been switched out; the kernel gives a CPU that they kept to others for up to 50 ms (the
// fair deadline server), also before they begin. A launch in which the host or the scheduler
// stopped them all the same is measured again, and where none is quiet the test says so instead of
// passing.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/clock.hpp"
#include "harness/histogram.hpp"
#include "harness/launch.hpp"
#include "harness/spawn.hpp"
#include "harness/tests/small_launch.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr double kStallNs = 50e6;
constexpr double kRate = 2000;  // per second, fixed
constexpr int kMostTries = 12;

std::uint64_t above(const json& histogram, double ns) {
  std::uint64_t found = 0;
  for (const auto& bucket : histogram.at("buckets")) {
    const auto lowest = Histogram::lowest_of(bucket.at(0).get<std::uint32_t>());
    if (static_cast<double>(lowest) > ns) found += bucket.at(1).get<std::uint64_t>();
  }
  return found;
}

// Nobody else stopped an end: neither the host, nor the scheduler, nor, where a sender says how
// late it was, anything for half a message's gap; and the server was there when it began.
bool quiet(const json& record) {
  const json& steal = record.at("machine").at("steal_ns");
  if (steal.is_number() && steal.get<double>() > 0) return false;
  for (const json& role : record.at("roles")) {
    if (role.at("involuntary_switches") != 0) return false;
  }
  const json& histograms = record.at("histograms");
  if (!histograms.contains("send_lag_ns")) return true;
  // A server that came late, or was stopped, used less processor time than the sender, who polls.
  const json& roles = record.at("roles");
  const double polled = roles.at(0).at("cpu_ns"), served = roles.at(1).at("cpu_ns");
  const double stalled = record.at("values").at("stall_achieved_ns");
  const double half_a_gap_ns = 1e9 / kRate / 2;
  return histograms.at("send_lag_ns").at("max").get<double>() < half_a_gap_ns &&
         served + stalled > polled - half_a_gap_ns;
}

// A quiet launch's record; none where the machine never is.
std::optional<json> measured(Case point, Reading reading) {
  point.transport = "pipe";
  point.message_bytes = 64;
  point.stall_ns = static_cast<std::uint64_t>(kStallNs);
  point.policy = Policy::fifo;
  point.wait = Wait::spin;
  static const ClockFacts clock = measure_clock(std::chrono::milliseconds(50));
  for (int i = 0; i < kMostTries; ++i) {
    LaunchSpec spec = spec_of({point});
    spec.reading = reading;
    spec.scale.ticks_per_ns = clock.ticks_per_ns;
    spec.settings.measure_ns = 40'000'000;  // 200 ms of messages: 400
    const json record = run_launch_process(spec, kDeadlineNs).at(0);
    const std::string reason = record["reason"];
    if (reason.find("sched_setscheduler") != std::string::npos) {
      point.policy = Policy::other;
      continue;
    }
    EXPECT_EQ(record["status"], "ok") << reason;
    if (record["status"] != "ok" || quiet(record)) return record;
  }
  return std::nullopt;
}

// A stall S delays by more than x those messages that come until the backlog, served one in s,
// leaves less than x to wait: rate (S - x) / (1 - rate s).
double delayed(double rate_per_s, double stall_ns, double service_ns, double beyond_ns) {
  const double rate = rate_per_s * 1e-9;
  return rate * (stall_ns - beyond_ns) / (1 - rate * service_ns);
}

class Stalled : public testing::TestWithParam<Reading> {};

// Both loops: the watched one of load, and the batching one's.
TEST_P(Stalled, open_loop_shows_as_many_delayed_messages_as_arithmetic_has) {
  Case point;
  point.pattern = Pattern::pace;
  point.schedule = Schedule::fixed;
  point.rate_per_s = static_cast<std::uint64_t>(kRate);
  const auto record = measured(point, GetParam());
  if (!record) GTEST_SKIP() << "in " << kMostTries << " launches the ends were always stopped";
  const double stall = (*record)["values"]["stall_achieved_ns"];
  ASSERT_GE(stall, kStallNs);
  const json& response = (*record)["histograms"]["response_ns"];
  // Of the backlog each message takes between nothing and what a pipe's read ever did, 10 us;
  // the stall begins somewhere between two messages.
  for (const double beyond : {kStallNs / 10, kStallNs / 2}) {
    EXPECT_GE(above(response, beyond), std::floor(delayed(kRate, stall, 0, beyond)) - 1);
    EXPECT_LE(above(response, beyond), std::ceil(delayed(kRate, stall, 10'000, beyond)) + 1);
  }
  EXPECT_LE(response["max"].get<double>(), stall + 1e6);
}

INSTANTIATE_TEST_SUITE_P(, Stalled, testing::Values(Reading::under_way, Reading::times));

TEST(Stall, of_a_closed_loop_shows_as_one_sample) {
  const auto record = measured(pings("pipe"), Reading::times);
  if (!record) GTEST_SKIP() << "in " << kMostTries << " launches the ends were always stopped";
  const double stall = (*record)["values"]["stall_achieved_ns"];
  ASSERT_GE(stall, kStallNs);
  const json& times = (*record)["histograms"]["round_trip_ns"];
  EXPECT_GT(times["count"], 4);
  EXPECT_EQ(above(times, kStallNs / 10), 1u);
  EXPECT_GE(times["max"].get<double>(), stall);
  EXPECT_LE(times["max"].get<double>(), stall + 1e6);
}

}  // namespace
}  // namespace ipcmark
