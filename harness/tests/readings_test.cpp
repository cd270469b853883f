// Launches that read something else than times: calls that are counted, lives of channels.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "harness/launch.hpp"
#include "harness/spawn.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::int64_t kDeadlineNs = 60'000'000'000;

json launched(Reading reading, Case point) {
  LaunchSpec spec;
  spec.launch_id = "b000-l0000";
  spec.experiment = "test";
  spec.prefix = "ipcmark-test";
  spec.reading = reading;
  spec.server_cpu = ::sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0;
  spec.settings.phase_deadline_ns = 10'000'000'000;
  spec.rungs = {std::move(point)};
  return run_launch_process(spec, kDeadlineNs).at(0);
}

Case trips(std::string transport) {
  Case point;
  point.transport = std::move(transport);
  point.message_bytes = point.reply_bytes = 64;
  return point;
}

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

}  // namespace
}  // namespace ipcmark
