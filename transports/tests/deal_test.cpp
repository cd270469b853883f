// What ends promise that deal for a time, keep several messages out, or meet a full channel.
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

constexpr std::uint64_t kLongTicks = 1ull << 40;  // never over by its time

class FullChannel : public Conformance {};

TEST_P(FullChannel, refuses_what_does_not_fit_and_keeps_what_it_took) {
  constexpr std::uint64_t kMost = 1 << 17;
  const Shape both = shape(64, 64);
  const auto channel = transport().open(both);
  const auto client = channel->client(0), server = channel->server(0);
  client->reshape(both), server->reshape(both);
  std::vector<std::uint64_t> stamps(8);
  for (const auto& [from, to] :
       {std::pair(client.get(), server.get()), std::pair(server.get(), client.get())}) {
    Tally filled{.stamps = stamps};
    from->run(Part::fill, job(both, kMost), filled);
    EXPECT_GT(filled.messages, 0u);
    EXPECT_EQ(filled.wrong, 0u) << "there was room after all";
    EXPECT_EQ(filled.stamped, filled.messages < kMost ? 2u : 0u);
    Tally taken{.stamps = stamps};
    to->run(Part::drain, job(both, filled.messages), taken);
    EXPECT_EQ(taken.wrong, 0u);
    EXPECT_EQ(taken.messages, filled.messages);
  }
}

bool tries(const Transport& t, Access access) {
  return access == Access::copy && t.has("try_send") && t.traits.answers && !t.traits.lossy;
}
INSTANTIATE_TEST_SUITE_P(Transport, FullChannel, ::testing::ValuesIn(points(tries)), PointName());

class Window : public Conformance {};

TEST_P(Window, messages_that_are_out_together_are_all_answered) {
  const std::uint64_t bytes = at_most(64);
  const Shape both = shape(bytes, bytes);
  Job out = job(both, 100);
  out.window = 4, out.lead = 4, out.messages_each = 23;
  run_all_right(both, {{both, Part::window, Part::answer, out, out}});
}

bool windows(const Transport& t, Access) {
  const Traits& traits = t.traits;
  return traits.answers && !traits.lossy && !traits.one_in_flight && !traits.rendezvous;
}
INSTANTIATE_TEST_SUITE_P(Transport, Window, ::testing::ValuesIn(points(windows)), PointName());

// All ends as threads of this process, on one channel.
struct Deal {
  Shape shape;
  Job job;
  Tally tallies[2 * kMostRoles]{};
  std::vector<std::vector<std::uint64_t>> stamps{2 * kMostRoles};
  std::unique_ptr<Flow> flow = std::make_unique<Flow>();

  void run(const Transport& transport) {
    auto channel = transport.open(shape);
    std::vector<std::unique_ptr<End>> ends;
    for (std::uint32_t i = 0; i < shape.producers; ++i) {
      ends.push_back(channel->client(static_cast<int>(i)));
    }
    for (std::uint32_t i = 0; i < shape.consumers; ++i) {
      ends.push_back(channel->server(static_cast<int>(i)));
    }
    for (const auto& end : ends) end->reshape(shape);
    std::vector<std::thread> roles;
    for (std::uint32_t i = 0; i < ends.size(); ++i) {
      stamps[i].resize(2 * job.messages + 2);
      tallies[i].stamps = stamps[i];
      roles.emplace_back([this, i, end = ends[i].get()] { play(i, *end); });
    }
    for (auto& role : roles) role.join();
  }

  [[nodiscard]] const Tally& producer(std::uint32_t i) const { return tallies[i]; }
  [[nodiscard]] const Tally& consumer(std::uint32_t i) const {
    return tallies[shape.producers + i];
  }
  // Messages that a consumer had when it was over.
  [[nodiscard]] std::uint64_t in_time(std::uint32_t i) const {
    std::uint64_t count = 0;
    for (std::size_t at = 1; at < consumer(i).stamped; at += 2) {
      count += consumer(i).stamps[at] <= flow->ended.load();
    }
    return count;
  }

 private:
  void play(std::uint32_t place, End& end) {
    const bool client = place < shape.producers;
    Job mine = job;
    mine.flow = flow.get();
    mine.index = client ? place : place - shape.producers;
    if (client || mine.index + 1 < shape.consumers) mine.pause_ns = 0;
    end.run(client ? Part::deal : Part::take, mine, tallies[place]);
  }
};

class Dealing : public Conformance {
 protected:
  static Deal deal(std::uint32_t producers, std::uint32_t consumers, std::uint64_t messages) {
    Deal all{.shape = shape(64, 0), .job = {}};
    all.shape.producers = producers, all.shape.consumers = consumers;
    all.job = job(all.shape, messages);
    all.job.producers = producers, all.job.consumers = consumers;
    all.job.duration_ticks = kLongTicks;
    return all;
  }
};

TEST_P(Dealing, each_message_is_taken_once_however_many_deal_and_take) {
  Deal all = deal(2, 3, 600);
  all.run(transport());
  for (std::uint32_t p = 0; p < 2; ++p) {
    Taken taken;
    for (std::uint32_t c = 0; c < 3; ++c) {
      EXPECT_EQ(all.consumer(c).wrong, 0u);
      taken += all.consumer(c).taken[p];
    }
    EXPECT_EQ(taken, all.producer(p).taken[p]);
    EXPECT_EQ(taken, Taken::whole(all.producer(p).messages));
  }
  EXPECT_TRUE(all.producer(0).messages == 300 || all.producer(1).messages == 300);
}

TEST_P(Dealing, what_is_addressed_is_taken_in_turn) {
  Deal all = deal(1, 3, 60);
  all.job.sharing = Sharing::addressed;
  all.run(transport());
  for (std::uint32_t c = 0; c < 3; ++c) {
    ASSERT_EQ(all.consumer(c).messages, 20u);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(all.consumer(c).stamps[2 * i], 3 * i + c);
  }
}

TEST_P(Dealing, a_stopped_consumer_stops_the_others_at_the_head_of_a_common_queue) {
  Deal all = deal(1, 3, 30'000);
  all.job.sharing = Sharing::addressed, all.job.pause_ns = kNever;
  all.job.duration_ticks = 1 << 26;  // tens of milliseconds
  all.run(transport());
  EXPECT_LE(all.in_time(0), 2u);
  EXPECT_LE(all.in_time(1), 2u);
  EXPECT_EQ(all.in_time(2), 1u);
}

TEST_P(Dealing, with_credits_a_stopped_consumer_costs_the_others_nothing_but_its_credits) {
  Deal all = deal(1, 3, 600);
  all.job.sharing = Sharing::addressed, all.job.pause_ns = kNever, all.job.credits = 2;
  all.run(transport());  // which would not end if the others did not get the rest
  EXPECT_EQ(all.consumer(2).messages, 2u);
  EXPECT_EQ(all.consumer(0).messages + all.consumer(1).messages, 598u);
}

TEST_P(Dealing, what_is_dropped_is_counted_and_the_rest_arrives_whole) {
  if (!transport().has("try_send")) GTEST_SKIP() << "no try_send";
  Deal all = deal(1, 1, 30'000);
  all.job.full = Full::drop, all.job.pause_ns = kNever;
  all.job.duration_ticks = 1 << 26;
  all.run(transport());
  EXPECT_GT(all.producer(0).lost, 0u);
  EXPECT_EQ(all.producer(0).lost, all.producer(0).refused);
  EXPECT_EQ(all.consumer(0).messages, all.producer(0).messages);
  EXPECT_EQ(all.consumer(0).wrong, 0u);
}

bool deals(const Transport& t, Access access) {
  return access == Access::copy && t.traits.most_consumers > 2 && !t.traits.lossy;
}
// Threads that spin for each other's time slices would take seconds: blocking ends only.
std::vector<Point> blocking(bool (*wanted)(const Transport&, Access)) {
  auto all = points(wanted);
  std::erase_if(all, [](const Point& point) { return point.wait != Wait::block; });
  return all;
}
INSTANTIATE_TEST_SUITE_P(Transport, Dealing, ::testing::ValuesIn(blocking(deals)), PointName());

}  // namespace
}  // namespace ipcmark::conformance
