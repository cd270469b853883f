// Launches as the harness runs them: fresh processes, faults included. This program is its own
// launch child.
#include "harness/launch.hpp"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "harness/spawn.hpp"
#include "harness/tests/faulty.hpp"
#include "harness/tests/recorded_perf.hpp"
#include "harness/tests/small_launch.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

json launch_with(Fault fault) {
  Case point = pings("faulty");
  point.depth = static_cast<std::uint32_t>(fault);
  return run_launch_process(spec_of({point}), kDeadlineNs).at(0);
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

TEST(Launch, counts_what_a_transport_loses_beside_what_it_delivers) {
  Case point = pings("udp", 1000);
  point.pattern = Pattern::pour;
  point.reply_bytes = 0;
  const json record = run_launch_process(spec_of({point}), kDeadlineNs).at(0);
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const json& values = record["values"];
  const double received = record["roles"][1]["messages"];
  EXPECT_EQ(values["sent"], received + values["lost"].get<double>());
  EXPECT_GE(values["lost"], values["kernel_drops"]);
  EXPECT_EQ(record["roles"][0]["messages"], values["sent"]);
}

TEST(Launch, refuses_a_lossy_stream_whose_losses_nobody_could_tell) {
  Case point = pings("udp");
  point.pattern = Pattern::pour;
  point.touch = Touch::none;
  EXPECT_EQ(run_launch_process(spec_of({point}), kDeadlineNs).at(0)["reason"],
            "udp loses messages: with touch none nobody could tell which");
}

Case pours(std::string transport, std::uint32_t producers, std::uint32_t consumers) {
  Case point = pings(std::move(transport));
  point.pattern = Pattern::pour;
  point.reply_bytes = 0;
  point.producers = producers;
  point.consumers = consumers;
  return point;
}

json launch_of(const Case& point) {
  LaunchSpec spec = spec_of({point});
  spec.more_cpus.assign(point.producers + point.consumers - 2, spec.client_cpu);
  return run_launch_process(spec, kDeadlineNs).at(0);
}

TEST(Mailbox, has_every_role_in_its_record_with_an_equal_share) {
  for (const RoleKind kind : {RoleKind::process, RoleKind::thread}) {
    for (const char* transport : {"pipe", "posix_mq", "shm_mpmc"}) {
      Case point = pours(transport, 3, 2);
      point.roles = kind;
      const json record = launch_of(point);
      ASSERT_EQ(record["status"], "ok") << transport << ": " << record["reason"];
      const json& roles = record["roles"];
      ASSERT_EQ(roles.size(), 5u);
      const std::uint64_t all = 3 * roles[0]["messages"].get<std::uint64_t>();
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(roles[i]["role"], i < 3 ? "client" : "server");
        EXPECT_EQ(roles[i]["index"], i < 3 ? i : i - 3);
        EXPECT_EQ(roles[i]["messages"], all / (i < 3 ? 3 : 2));
      }
      EXPECT_GT(record["values"]["bytes_per_s"], 0);
      EXPECT_EQ(record["messages"].get<std::uint64_t>() % 6, 0u);
    }
  }
}

TEST(Mailbox, of_a_lossy_transport_counts_what_of_all_producers_was_lost) {
  const json record = launch_of(pours("udp", 2, 1));
  ASSERT_EQ(record["status"], "ok") << record["reason"];
  const json& roles = record["roles"];
  const double sent = record["values"]["sent"];
  EXPECT_EQ(sent, 2 * roles[0]["messages"].get<double>());
  EXPECT_EQ(sent, roles[2]["messages"].get<double>() + record["values"]["lost"].get<double>());
}

TEST(Mailbox, is_skipped_where_messages_could_not_be_told_apart_or_taken_whole) {
  const auto reason = [](const Case& point) {
    return launch_of(point)["reason"].get<std::string>();
  };
  Case point = pours("shm_ring", 2, 1);
  EXPECT_EQ(reason(point), "shm_ring: 2 producers and 1 consumers asked for (limit 1 and 1)");
  point = pours("pipe", 2, 1);
  point.message_bytes = 8192;
  EXPECT_EQ(reason(point),
            "pipe: messages of several ends mix (message_bytes 8192; PIPE_BUF 4096)");
  point.message_bytes = 4;
  EXPECT_EQ(reason(point), "4 B cannot name a producer: 8 B do");
  point.message_bytes = 8, point.touch = Touch::none;
  EXPECT_EQ(reason(point), "with touch none no message names its producer");
  point.pattern = Pattern::ping;
  EXPECT_EQ(reason(point), "only pour and deal have several producers or consumers");
}

std::string knobs_of_queues() {
  std::string all;
  for (const char* file : {"fs/mqueue/msg_max", "fs/mqueue/msgsize_max", "fs/mqueue/queues_max",
                           "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni"}) {
    std::string value;
    std::ifstream(std::string("/proc/sys/") + file) >> value;
    all += std::string(file) + "=" + value + " ";
  }
  return all;
}

Case wide_queue(const char* transport) {
  Case point = pings(transport, 65'536);
  point.ipc_limits = IpcLimits::private_;
  return point;
}

TEST(PrivateIpcLimits, admit_what_the_hosts_refuse_and_leave_those_alone) {
  const std::string before = knobs_of_queues();
  for (const char* transport : {"posix_mq", "sysv_mq"}) {
    const json record = run_launch_process(spec_of({wide_queue(transport)}), kDeadlineNs).at(0);
    if (record["reason"].get<std::string>().starts_with("unshare: "))
      GTEST_SKIP() << record["reason"];
    EXPECT_EQ(record["status"], "ok") << transport << ": " << record["reason"];
    EXPECT_GE(record["ipc_limits"]["fs.mqueue.msgsize_max"], 65'536);
    EXPECT_GE(record["ipc_limits"]["kernel.msgmax"], 65'536);
  }
  Case deep = wide_queue("posix_mq");
  deep.message_bytes = deep.reply_bytes = 64;
  deep.depth = 1000;
  const json record = run_launch_process(spec_of({deep}), kDeadlineNs).at(0);
  EXPECT_EQ(record["values"]["slots"], 1000) << record["reason"];
  EXPECT_EQ(knobs_of_queues(), before);
}

TEST(PrivateIpcLimits, name_their_own_limit_when_they_refuse) {
  Case point = wide_queue("posix_mq");
  point.message_bytes = 32 << 20;
  const std::string reason = run_launch_process(spec_of({point}), kDeadlineNs).at(0)["reason"];
  if (reason.starts_with("unshare: ")) GTEST_SKIP() << reason;
  EXPECT_EQ(reason,
            "mq_open: Invalid argument (message_bytes 33554432; fs.mqueue.msgsize_max 16777216)");
}

TEST(PrivateIpcLimits, are_skipped_without_the_permission) {
  std::string reason;
  std::thread([&] {  // what a thread gives up its children never have, and nobody else loses
    if (::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) != 0 && errno != EPERM) return;
    reason = run_launch_process(spec_of({wide_queue("sysv_mq")}), kDeadlineNs).at(0)["reason"];
  })
      .join();
  EXPECT_EQ(reason, "unshare: Operation not permitted");
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
  if (argc == 4 && std::string_view(argv[1]) == "launch") {
    // A test of counters says on which machine its launches believe to be.
    std::unique_ptr<ipcmark::RecordedPerf> recorded;
    if (const char* machine = std::getenv("IPCMARK_TEST_PERF")) {
      recorded = std::make_unique<ipcmark::RecordedPerf>(machine);
      ipcmark::replace_perf_events(recorded.get());
    }
    return ipcmark::launch_main(std::atoi(argv[3]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
