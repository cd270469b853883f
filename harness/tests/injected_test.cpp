// Faults of launches and threads that the matrix of processes does not have.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/spawn.hpp"
#include "harness/tests/small_launch.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

json struck(const Case& point, const char* injection) {
  LaunchSpec spec = spec_of({point});
  spec.injection = parse_injection(injection);
  return run_launch_process(spec, kDeadlineNs).at(0);
}

TEST(Injected, a_launch_that_stops_itself_is_found_by_the_phase_it_is_in) {
  const json record = struck(pings("pipe"), "launch:open:stopped");
  EXPECT_EQ(record["reason"], "launch did not finish open within 300 ms");
  EXPECT_LT(record["injected"]["ended_after_ns"], kPhaseDeadlineNs + 1'000'000'000);
  EXPECT_EQ(children_of_ours(), 0);
}

TEST(Injected, a_thread_that_hangs_ends_with_its_whole_process) {
  Case point = pings("pipe");
  point.roles = RoleKind::thread;
  const json record = struck(point, "server:measure:slow");
  EXPECT_EQ(record["status"], "failed");
  EXPECT_EQ(record["reason"], "launch did not finish measure within 300 ms");
  EXPECT_EQ(children_of_ours(), 0);
}

TEST(Injected, a_message_too_many_is_found_even_where_no_payload_is_touched) {
  Case point = pings("pipe");
  point.touch = Touch::none;
  const std::string reason = struck(point, "server:measure:duplicated")["reason"];
  EXPECT_TRUE(reason.starts_with("payload: client: 4 of 4")) << reason;
  EXPECT_NE(reason.find("in close"), std::string::npos) << reason;
}

TEST(Injected, an_end_that_leaves_badly_takes_the_number_with_it) {
  const json record = struck(pings("pipe"), "client:close:exits");
  EXPECT_EQ(record["reason"], "client exited with 0 in close");
  EXPECT_EQ(record["messages"], 0);
}

}  // namespace
}  // namespace ipcmark
