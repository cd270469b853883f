// What waits in a queue together is received in the order that the mechanism gives to priorities
// and types; the claim that System V's type is a priority, highest first, is not true of any
// request.
#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

class Ranks : public Conformance {
 protected:
  using Order = std::vector<std::uint64_t>;

  // Sends messages 0, 1, ... of these ranks, then receives as many, asking for `wanted` of each.
  static Order received(const std::vector<long>& ranks, const std::vector<long>& wanted) {
    Shape shape = Conformance::shape(64, 64);
    auto channel = transport().open(shape);
    const auto client = channel->client(0), server = channel->server(0);
    client->reshape(shape), server->reshape(shape);
    Job job = Conformance::job(shape, ranks.size());
    Order stamps(ranks.size());
    Tally sent{.stamps = {}}, picked{.stamps = stamps};
    job.ranks = ranks;
    client->run(Part::rank, job, sent);
    job.ranks = wanted;
    server->run(Part::pick, job, picked);
    EXPECT_EQ(picked.wrong, 0u);
    return stamps;
  }
};

class Priorities : public Ranks {};

TEST_P(Priorities, urgent_messages_overtake_and_equals_stay_in_order) {
  EXPECT_EQ(received({0, 1, 0, 1}, {0, 0, 0, 0}), (Order{1, 3, 0, 2}));
}

TEST_P(Priorities, of_many_levels_the_highest_is_received_first) {
  if (transport().traits.priorities < 10) GTEST_SKIP() << "it has two levels";
  EXPECT_EQ(received({1, 9, 1, 5, 9}, {0, 0, 0, 0, 0}), (Order{1, 4, 3, 0, 2}));
}

TEST_P(Priorities, without_a_difference_the_first_is_received_first) {
  EXPECT_EQ(received({1, 1, 1}, {0, 0, 0}), (Order{0, 1, 2}));
}

bool has_priorities(const Transport& t, Access) { return t.has("send_priority"); }
INSTANTIATE_TEST_SUITE_P(Transport, Priorities, ::testing::ValuesIn(points(has_priorities)),
                         PointName());

class MessageTypes : public Ranks {};

TEST_P(MessageTypes, zero_takes_the_first_whatever_its_type) {
  EXPECT_EQ(received({3, 9, 1, 9}, {0, 0, 0, 0}), (Order{0, 1, 2, 3})) << "a type is no priority";
}

TEST_P(MessageTypes, a_positive_request_takes_the_first_of_that_type) {
  EXPECT_EQ(received({3, 9, 1, 9}, {9, 1, 9, 3}), (Order{1, 2, 3, 0}));
}

TEST_P(MessageTypes, a_negative_request_takes_the_lowest_type_first_and_none_above_it) {
  EXPECT_EQ(received({3, 9, 1, 2}, {-9, -9, -9, -9}), (Order{2, 3, 0, 1}));
  EXPECT_EQ(received({3, 9, 1, 2}, {-2, -2, 0, 0}), (Order{2, 3, 0, 1}));
}

bool has_types(const Transport& t, Access) { return t.has("message_types"); }
INSTANTIATE_TEST_SUITE_P(Transport, MessageTypes, ::testing::ValuesIn(points(has_types)),
                         PointName());

TEST(RankAbilities, are_those_of_one_queue_each) {
  std::vector<std::string_view> priorities, types;
  for (const Transport& transport : transports()) {
    if (transport.has("send_priority")) priorities.push_back(transport.traits.name);
    if (transport.has("message_types")) types.push_back(transport.traits.name);
  }
  EXPECT_EQ(priorities, (std::vector<std::string_view>{"posix_mq", "two_channels"}));
  EXPECT_EQ(types, std::vector<std::string_view>{"sysv_mq"});
}

}  // namespace
}  // namespace ipcmark::conformance
