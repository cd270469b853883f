// Products on small plans, over the registered transports.
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/axes.hpp"
#include "harness/experiment.hpp"
#include "harness/words.hpp"

namespace ipcmark {
namespace {

bool echo(Case& point) {
  if (point.pattern != Pattern::ping) return false;
  point.reply_bytes = point.message_bytes;
  return true;
}

const Experiment kSizes{.name = "sizes",
                        .question = "?",
                        .defaults = {{"message_bytes", {"1..4"}}, {"path", {"queue", "shm"}}},
                        .ladder = {"message_bytes"},
                        .complete = &echo};
const Experiment kPaths{.name = "paths",
                        .question = "?",
                        .defaults = {{"pattern", {"ask"}}, {"path", {"queue", "shm"}}},
                        .ladder = {"message_bytes", "path"},
                        .mirrored = true};

std::vector<std::uint64_t> sizes(const LaunchPlan& launch) {
  std::vector<std::uint64_t> all;
  for (const Case& rung : launch.rungs) all.push_back(rung.message_bytes);
  return all;
}

TEST(expand, ladder_axes_share_a_launch_and_the_rest_do_not) {
  const auto launches =
      expand(kSizes, {{"transport", {"pipe", "shm_ring"}}, {"wait", {"spin", "block"}}});
  ASSERT_EQ(launches.size(), 4u);
  for (const LaunchPlan& launch : launches) {
    EXPECT_EQ(launch.experiment, "sizes");
    EXPECT_FALSE(launch.mirrored);
    EXPECT_EQ(sizes(launch), (std::vector<std::uint64_t>{1, 2, 4}));
    for (const Case& rung : launch.rungs) EXPECT_EQ(rung.reply_bytes, rung.message_bytes);
  }
  EXPECT_EQ(launches[0].rungs[0].transport, "pipe");
  EXPECT_EQ(launches[1].rungs[0].wait, Wait::block);
  EXPECT_EQ(launches[2].rungs[0].transport, "shm_ring");
}

TEST(expand, is_the_same_every_time) {
  const Axes plan{{"transport", {"pipe", "null"}}, {"touch", {"none", "full"}}};
  const auto once = expand(kSizes, plan), again = expand(kSizes, plan);
  ASSERT_EQ(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_EQ(once[i].rungs, again[i].rungs);
}

TEST(expand, paths_of_a_hybrid_alternate_within_a_size) {
  const auto launches =
      expand(kPaths, {{"transport", {"hybrid_pipe"}}, {"message_bytes", {"8", "64"}}});
  ASSERT_EQ(launches.size(), 1u);
  EXPECT_TRUE(launches[0].mirrored);
  ASSERT_EQ(launches[0].rungs.size(), 4u);
  const auto& rungs = launches[0].rungs;
  EXPECT_EQ(rungs[0].path, Path::queue);
  EXPECT_EQ(rungs[0].threshold_bytes, Case::kInfinite);
  EXPECT_EQ(rungs[1].path, Path::shm);
  EXPECT_EQ(rungs[1].threshold_bytes, 0);
  EXPECT_EQ(rungs[1].message_bytes, 8u);
  EXPECT_EQ(rungs[2].message_bytes, 64u);
}

TEST(expand, sets_the_threshold_by_the_path) {
  const auto launches = expand(kPaths, {{"transport", {"hybrid_pipe"}},
                                        {"path", {"queue", "shm", "fixed", "auto", "raw"}},
                                        {"threshold_bytes", {"-1", "100", "200"}}});
  std::vector<std::pair<Path, std::int64_t>> found;
  for (const LaunchPlan& launch : launches) {
    for (const Case& rung : launch.rungs) found.emplace_back(rung.path, rung.threshold_bytes);
  }
  const std::vector<std::pair<Path, std::int64_t>> expected{{Path::queue, Case::kInfinite},
                                                            {Path::shm, 0},
                                                            {Path::automatic, -1},
                                                            {Path::fixed, 100},
                                                            {Path::fixed, 200}};
  EXPECT_EQ(found, expected);
}

TEST(expand, drops_what_means_the_same) {
  // A pipe has no backing, no home, no path, no batch of a ping, no flush and no delay.
  const auto launches = expand(kSizes, {{"transport", {"pipe"}},
                                        {"backing", {"memfd", "posix_shm"}},
                                        {"home", {"client", "server"}},
                                        {"batch", {"1", "8"}},
                                        {"flush_ns", {"10us", "inf"}},
                                        {"rate_per_s", {"0", "1k"}},
                                        {"spin_budget_ns", {"0", "1us"}},
                                        {"delay_ns", {"0", "50"}}});
  ASSERT_EQ(launches.size(), 1u);
  const Case& rung = launches[0].rungs.at(0);
  EXPECT_EQ(rung.backing, Backing::none);
  EXPECT_EQ(rung.home, Role::client);
  EXPECT_EQ(rung.path, Path::raw);
  EXPECT_EQ(rung.threshold_bytes, -1);
  EXPECT_EQ(rung.flush_ns, kNever);
  EXPECT_EQ(rung.delay_ns, 0u);
}

TEST(expand, keeps_what_means_something) {
  EXPECT_EQ(expand(kSizes, {{"transport", {"shm_ring"}}, {"home", {"client", "server"}}}).size(),
            2u);
  EXPECT_EQ(expand(kSizes, {{"transport", {"null"}}, {"delay_ns", {"0", "50"}}}).size(), 2u);
  const auto spinning = expand(kSizes, {{"transport", {"pipe"}},
                                        {"wait", {"block", "spin_then_block"}},
                                        {"spin_budget_ns", {"0", "1us"}}});
  EXPECT_EQ(spinning.size(), 3u);
  const auto found = expand(kSizes, {{"transport", {"tcp", "unix_stream"}}});
  EXPECT_EQ(found.at(0).rungs.at(0).nodelay, NoDelay::on);
  EXPECT_EQ(found.at(0).rungs.at(0).address, Address::none);
  EXPECT_EQ(found.at(1).rungs.at(0).address, Address::pair);
  const auto shared = expand(kSizes, {{"transport", {"shm_ring"}}});
  EXPECT_EQ(shared.at(0).rungs.at(0).page_bytes,
            static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(shared.at(0).rungs.at(0).backing, Backing::memfd);
}

TEST(expand, a_stall_is_of_single_messages_that_are_timed) {
  const Axes plan{{"transport", {"pipe"}}, {"stall_ns", {"0", "50000000"}}};
  EXPECT_EQ(expand(kSizes, plan).size(), 2u);
  Experiment counted = kSizes;
  counted.reading = Reading::system_calls;
  EXPECT_EQ(expand(counted, plan).size(), 1u);
  Axes poured = plan;
  poured["pattern"] = {"pour"};
  Experiment streams;
  streams.name = "streams", streams.question = "?";
  EXPECT_EQ(expand(streams, poured).size(), 1u);
}

TEST(expand, keeps_what_a_transport_lacks_so_that_it_is_refused) {
  const auto found = expand(kSizes, {{"transport", {"pipe"}},
                                     {"nodelay", {"off"}},
                                     {"address", {"path"}},
                                     {"page_bytes", {"2097152"}}});
  const Case& rung = found.at(0).rungs.at(0);
  EXPECT_EQ(rung.nodelay, NoDelay::off);
  EXPECT_EQ(rung.address, Address::path);
  EXPECT_EQ(rung.page_bytes, 2'097'152u);
}

TEST(expand, measures_every_transport_when_none_is_named) {
  const auto launches = expand(kSizes, {{"path", {"queue"}}});
  EXPECT_EQ(launches.size(), find_axis("transport")->words().size());
}

TEST(expand, leaves_out_points_that_the_experiment_refuses) {
  EXPECT_TRUE(expand(kSizes, {{"transport", {"pipe"}}, {"pattern", {"pour"}}}).empty());
}

TEST(expand, a_product_that_no_machine_could_measure_is_refused_before_it_is_made) {
  const Axes plan{
      {"message_bytes", {"1..1Gi/64"}}, {"depth", {"1..1M/64"}}, {"batch", {"1..64k/64"}}};
  try {
    static_cast<void>(expand(kSizes, plan));
    ADD_FAILURE() << "made";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("more than 1048576 points"), std::string::npos);
  }
}

TEST(expand, what_nobody_does_is_not_told_apart) {
  const Axes idle{{"transport", {"pipe"}},        {"message_bytes", {"8"}},
                  {"window", {"1", "8"}},         {"credits", {"0", "4"}},
                  {"full", {"block", "drop"}},    {"pause_ns", {"0", "inf"}},
                  {"sharing", {"any", "own"}},    {"bystander", {"spin", "stream"}},
                  {"beside", {"apart", "client"}}};
  const auto launches = expand(kSizes, idle);
  ASSERT_EQ(launches.size(), 1u);
  EXPECT_EQ(launches[0].rungs.size(), 1u);
  EXPECT_EQ(launches[0].rungs[0].window, 1u);
  EXPECT_EQ(launches[0].rungs[0].pause_ns, 0u);
}

}  // namespace
}  // namespace ipcmark
