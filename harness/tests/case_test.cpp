#include "harness/case.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace ipcmark {
namespace {

TEST(a_case, has_every_axis_of_the_schema) {
  const auto map = to_json(Case{});
  for (const char* axis : {"transport",
                           "pattern",
                           "message_bytes",
                           "reply_bytes",
                           "batch",
                           "flush_ns",
                           "rate_per_s",
                           "schedule",
                           "timeout_ns",
                           "spin_budget_ns",
                           "threshold_bytes",
                           "path",
                           "wait",
                           "touch",
                           "access",
                           "backing",
                           "depth",
                           "placement",
                           "idle",
                           "roles",
                           "policy",
                           "home",
                           "delay_ns",
                           "page_bytes",
                           "buffer_bytes",
                           "address",
                           "nodelay",
                           "ipc_limits",
                           "producers",
                           "consumers",
                           "stall_ns",
                           "sizes",
                           "backlog",
                           "precedence",
                           "window",
                           "sharing",
                           "credits",
                           "pause_ns",
                           "full",
                           "handover",
                           "bystanders",
                           "bystander",
                           "injectors",
                           "injections_per_s",
                           "beside",
                           "poll_interval_ns",
                           "timer_slack_ns",
                           "think_ns",
                           "peer",
                           "structure",
                           "operation",
                           "neighbour",
                           "distance_bytes",
                           "offset_bytes",
                           "pace_ns",
                           "private_writes",
                           "trigger",
                           "victim",
                           "flush_pages",
                           "mappings",
                           "working_pages",
                           "trigger_rate_per_s",
                           "publication",
                           "rounds",
                           "counter_bits",
                           "advance",
                           "pointers"}) {
    EXPECT_TRUE(map.contains(axis)) << axis;
  }
  EXPECT_EQ(map.size(), 69u);
}

TEST(a_case, writes_inf_and_minus_one) {
  Case point;
  auto map = to_json(point);
  EXPECT_EQ(map["flush_ns"], "inf");
  EXPECT_EQ(map["timeout_ns"], "inf");
  EXPECT_EQ(map["threshold_bytes"], -1);
  EXPECT_EQ(map["message_bytes"], 64);
  EXPECT_EQ(map["idle"], "default");
  point.threshold_bytes = Case::kInfinite;
  point.path = Path::automatic;
  map = to_json(point);
  EXPECT_EQ(map["threshold_bytes"], "inf");
  EXPECT_EQ(map["path"], "auto");
}

TEST(a_case, leaves_neutral_axes_out_of_records_and_the_manifest_has_them) {
  Case point{.transport = "pipe", .message_bytes = 64};
  point.batch = 8;
  auto said = record_case(point);
  EXPECT_EQ(said.size(), 8u) << said;
  EXPECT_EQ(said["batch"], 8);
  EXPECT_EQ(said["idle"], "default");
  auto whole = neutral_axes();
  whole.update(said);
  EXPECT_EQ(case_from_json(whole), point);
}

TEST(a_case, survives_the_round_trip) {
  Case point{.transport = "a_plug_in_of_yours",
             .pattern = Pattern::pace,
             .message_bytes = 4097,
             .reply_bytes = 0,
             .batch = 32,
             .flush_ns = 10'000,
             .rate_per_s = 100'000,
             .schedule = Schedule::poisson,
             .timeout_ns = 0,
             .spin_budget_ns = 5'000,
             .poll_interval_ns = 20'000,
             .timer_slack_ns = 1,
             .think_ns = 7'000,
             .peer = PeerFate::stopped,
             .threshold_bytes = 1024,
             .path = Path::fixed,
             .wait = Wait::spin_then_block,
             .touch = Touch::header,
             .access = Access::in_place,
             .backing = Backing::posix_shm,
             .page_bytes = 2'097'152,
             .buffer_bytes = 65'536,
             .address = Address::abstract,
             .nodelay = NoDelay::off,
             .depth = 7,
             .placement = "cross_numa",
             .idle = Idle::c1,
             .roles = RoleKind::thread,
             .policy = Policy::fifo,
             .home = Role::server,
             .delay_ns = 50,
             .ipc_limits = IpcLimits::private_,
             .producers = 3,
             .consumers = 2};
  EXPECT_EQ(case_from_json(to_json(point)), point);
  EXPECT_EQ(case_from_json(to_json(Case{})), Case{});
}

TEST(a_case, names_the_key_that_is_wrong) {
  const auto complaint = [](const nlohmann::json& map) -> std::string {
    try {
      static_cast<void>(case_from_json(map));
      return "none";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  auto map = to_json(Case{});
  map["wait"] = "doze";
  EXPECT_EQ(complaint(map), "wait in a case: unknown word `doze`");
  map = to_json(Case{});
  map["depth"] = 1.5;
  EXPECT_EQ(complaint(map), "depth in a case: neither a word nor a whole number");
  map = to_json(Case{});
  map.erase("idle");
  EXPECT_EQ(complaint(map), "no idle in a case");
}

TEST(shape, follows_the_case) {
  const Case point{.transport = "pipe",
                   .message_bytes = 100,
                   .reply_bytes = 8,
                   .batch = 3,
                   .spin_budget_ns = 9,
                   .wait = Wait::yield,
                   .access = Access::in_place,
                   .backing = Backing::memfd,
                   .page_bytes = 4096,
                   .buffer_bytes = 1000,
                   .address = Address::path,
                   .nodelay = NoDelay::off,
                   .depth = 5,
                   .home = Role::server};
  const Shape shape = shape_of(point, "ipcmark-abc");
  EXPECT_EQ(shape.message_bytes, 100u);
  EXPECT_EQ(shape.reply_bytes, 8u);
  EXPECT_EQ(shape.batch, 3u);
  EXPECT_EQ(shape.spin_budget_ns, 9u);
  EXPECT_EQ(shape.wait, Wait::yield);
  EXPECT_EQ(shape.access, Access::in_place);
  EXPECT_EQ(shape.backing, Backing::memfd);
  EXPECT_EQ(shape.page_bytes, 4096u);
  EXPECT_EQ(shape.buffer_bytes, 1000u);
  EXPECT_EQ(shape.address, Address::path);
  EXPECT_EQ(shape.nodelay, NoDelay::off);
  EXPECT_EQ(shape.depth, 5u);
  EXPECT_EQ(shape.home, Role::server);
  EXPECT_EQ(shape.prefix, "ipcmark-abc");
  EXPECT_EQ(shape.threshold_bytes, kNever);
  EXPECT_EQ(shape.delay_steps, 0u);
}

TEST(shape, sends_an_asks_reply_through_the_queue_on_both_paths) {
  Case point{
      .transport = "hybrid_pipe", .pattern = Pattern::ask, .threshold_bytes = 0, .path = Path::shm};
  EXPECT_EQ(shape_of(point, "").threshold_bytes, 0u);
  EXPECT_EQ(shape_of(point, "").reply_threshold_bytes, kNever);
  point.pattern = Pattern::ping;
  EXPECT_EQ(shape_of(point, "").reply_threshold_bytes, 0u);
  point.threshold_bytes = Case::kInfinite;
  EXPECT_EQ(shape_of(point, "").threshold_bytes, kNever);
  EXPECT_EQ(shape_of(point, "").reply_threshold_bytes, kNever);
}

}  // namespace
}  // namespace ipcmark
