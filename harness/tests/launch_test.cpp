// Launches as the harness runs them: fresh processes, faults included. This program is its own
// launch child.
#include "harness/launch.hpp"

#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "harness/spawn.hpp"
#include "harness/tests/faulty.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::int64_t kDeadlineNs = 20'000'000'000;
constexpr std::uint64_t kPhaseDeadlineNs = 300'000'000;

LaunchSpec spec_of(std::vector<Case> rungs) {
  LaunchSpec spec;
  spec.launch_id = "b000-l0000";
  spec.experiment = "test";
  spec.prefix = "ipcmark-test";
  spec.seed = 7;
  spec.rungs = std::move(rungs);
  spec.server_cpu = ::sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0;
  spec.settings.warm_up_ns = 1'000'000;
  spec.settings.warm_up_messages = 100;
  spec.settings.measure_ns = 1'000'000;
  spec.settings.operations_ns = 1'000'000;
  spec.settings.phase_deadline_ns = kPhaseDeadlineNs;
  return spec;
}

Case pings(std::string transport, std::uint64_t bytes = 64) {
  Case point;
  point.transport = std::move(transport);
  point.message_bytes = point.reply_bytes = bytes;
  return point;
}

json launch_with(Fault fault) {
  Case point = pings("faulty");
  point.depth = static_cast<std::uint32_t>(fault);
  return run_launch_process(spec_of({point}), kDeadlineNs).at(0);
}

// Processes that are our children or theirs: none may be left when a launch is over.
int children_of_ours() {
  int found = 0;
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    std::ifstream stat(std::string("/proc/") + entry->d_name + "/stat");
    std::string pid, name, state, parent;
    if (stat >> pid >> name >> state >> parent && parent == std::to_string(::getpid())) ++found;
  }
  ::closedir(proc);
  return found;
}

TEST(Launch, records_what_it_measured_on_real_processes) {
  const auto records = run_launch_process(spec_of({pings("faulty")}), kDeadlineNs);
  const json& record = records.at(0);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const auto& histogram = record["histograms"]["round_trip_ns"];
  const std::uint64_t windowed = record["windows"]["ns_per_message"].size() *
                                 record["windows"]["messages_each"].get<std::uint64_t>();
  EXPECT_EQ(record["messages"], windowed + histogram["count"].get<std::uint64_t>());
  EXPECT_NE(record["roles"][0]["pid"], record["roles"][1]["pid"]);
  EXPECT_EQ(record["roles"][0]["cpus_seen"], json::array({0}));
  EXPECT_GT(record["windows"]["cpu_ns_per_message"].get<double>(), 0);
}

TEST(Launch, runs_roles_as_threads) {
  Case point = pings("faulty");
  point.roles = RoleKind::thread;
  const json record = run_launch_process(spec_of({point}), kDeadlineNs).at(0);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  EXPECT_EQ(record["roles"][0]["pid"], record["roles"][1]["pid"]);
}

TEST(Launch, skips_a_rung_beyond_the_limit_and_measures_the_others) {
  const auto records =
      run_launch_process(spec_of({pings("faulty", 100'001), pings("faulty", 100)}), kDeadlineNs);
  EXPECT_EQ(records.at(0)["status"], "skipped");
  EXPECT_EQ(records.at(0)["reason"], "faulty: Message too long");
  EXPECT_EQ(records.at(1)["status"], "ok") << records.at(1)["reason"];
}

TEST(Launch, says_what_an_end_lacks) {
  Case point = pings("null");
  point.access = Access::in_place;
  EXPECT_EQ(run_launch_process(spec_of({point}), kDeadlineNs).at(0)["reason"],
            "null has no reserve/commit");
}

class Faults : public testing::TestWithParam<std::pair<Fault, const char*>> {};

TEST_P(Faults, end_the_launch_with_the_true_reason_and_leave_nothing) {
  const std::int64_t before = monotonic_now();
  const json record = launch_with(GetParam().first);
  EXPECT_EQ(record["status"], "failed");
  EXPECT_NE(record["reason"].get<std::string>().find(GetParam().second), std::string::npos)
      << record["reason"];
  EXPECT_TRUE(record["windows"].is_null());
  EXPECT_EQ(record["messages"], 0);
  // A hung end is noticed within a second of its phase's deadline.
  const auto waited = monotonic_now() - before;
  EXPECT_LT(waited, static_cast<std::int64_t>(kPhaseDeadlineNs) * 20 + 1'000'000'000) << waited;
  EXPECT_EQ(children_of_ours(), 0);
}

INSTANTIATE_TEST_SUITE_P(, Faults,
                         testing::Values(std::pair{Fault::killed, "server killed by signal 9"},
                                         std::pair{Fault::segfault, "server killed by signal 11"},
                                         std::pair{Fault::early_exit, "server exited with 0"},
                                         std::pair{Fault::stopped,
                                                   "server (stopped) did not finish"},
                                         std::pair{Fault::throws, "server: the mechanism broke"},
                                         std::pair{Fault::wrong_byte, "payload: client: 1 of"},
                                         std::pair{Fault::repeated, "were not what was sent"}));

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

TEST(VisitOrder, mirrors_neighbours_and_visits_every_rung_twice) {
  LaunchSpec spec = spec_of({pings("x", 1), pings("x", 1), pings("x", 2), pings("x", 2)});
  spec.mirrored = true;
  const auto order = visit_order(spec);
  ASSERT_EQ(order.size(), 8u);
  for (std::size_t group = 0; group < 8; group += 4) {
    EXPECT_EQ(order[group], order[group + 3]);
    EXPECT_EQ(order[group + 1], order[group + 2]);
    EXPECT_NE(order[group], order[group + 1]);
  }
}

TEST(VisitOrder, is_the_seeds_and_complete) {
  LaunchSpec spec = spec_of({});
  for (std::uint64_t bytes = 1; bytes < 40; ++bytes) spec.rungs.push_back(pings("x", bytes));
  const auto order = visit_order(spec);
  EXPECT_EQ(std::set(order.begin(), order.end()).size(), 39u);
  EXPECT_FALSE(std::ranges::is_sorted(order));
  EXPECT_EQ(order, visit_order(spec));
}

}  // namespace
}  // namespace ipcmark

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "launch")
    return ipcmark::launch_main(std::atoi(argv[3]));
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
