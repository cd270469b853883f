// What every transport promises, tried on each that is registered, under each wait policy and way
// of access it has, between two processes. A new transport is tested by being registered.
#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

constexpr std::uint64_t kSizes[] = {1,     7,  8,     1048577, 2,    65537, 63,
                                    65536, 64, 65535, 65,      4097, 4095,  4096};

class AskAnswer : public Conformance {};

TEST_P(AskAnswer, every_admitted_size_arrives_whole_and_is_answered) {
  for (const Thresholds& thresholds : threshold_pairs()) {
    Shape widest = shape(0, kNever);
    widest = with_thresholds(widest, thresholds);
    const auto sizes = admitted({std::begin(kSizes), std::end(kSizes)}, widest);
    ASSERT_FALSE(sizes.empty());
    std::vector<Phase> phases;
    for (const std::uint64_t bytes : sizes) {
      for (const std::uint64_t reply : {bytes, std::min<std::uint64_t>(8, bytes)}) {
        Shape rung = widest;
        rung.message_bytes = bytes, rung.reply_bytes = reply;
        rung.home = bytes % 2 == 0 ? Role::client : Role::server;
        phases.push_back(ask(rung, bytes < 65536 ? 4 : 2));
      }
    }
    widest.message_bytes = widest.reply_bytes = *std::ranges::max_element(sizes);
    run_all_right(widest, phases);
  }
}

class WrongPayload : public Conformance {};

TEST_P(WrongPayload, a_payload_that_was_not_sent_is_found_by_both_ends) {
  if (!transport().traits.carries_payload) GTEST_SKIP() << "carries no payload";
  for (const std::uint64_t bytes : admitted({1, 56, 4097, 65537}, shape(0, kNever))) {
    Phase phase = ask(shape(bytes, bytes), 10);
    phase.server_job.first_sequence = 1;
    const auto outcomes = run(transport(), phase.shape, {phase});
    EXPECT_STREQ(outcomes[0].client.error, "");
    EXPECT_EQ(outcomes[0].client.wrong, 10u) << bytes;
    EXPECT_EQ(outcomes[0].server.wrong, 10u) << bytes;
  }
}

bool answers(const Transport& t, Access) { return t.traits.answers; }
INSTANTIATE_TEST_SUITE_P(Transport, AskAnswer, ::testing::ValuesIn(points(answers)), PointName());
INSTANTIATE_TEST_SUITE_P(Variant, AskAnswer, ::testing::ValuesIn(variant_points(answers)),
                         PointName());

INSTANTIATE_TEST_SUITE_P(Transport, WrongPayload, ::testing::ValuesIn(points(answers)),
                         PointName());

class PourDrain : public Conformance {};

TEST_P(PourDrain, streams_arrive_whole_and_in_order_in_every_batch) {
  for (const Thresholds& thresholds : threshold_pairs()) {
    Shape widest = shape(0, 0);
    widest = with_thresholds(widest, thresholds);
    widest.batch = 32;
    const auto sizes = admitted({1, 65537, 63, 64, 4097}, widest);
    ASSERT_FALSE(sizes.empty());
    std::vector<Phase> phases;
    for (const std::uint32_t batch : {1u, 7u, 32u}) {
      const bool able = widest.access == Access::in_place || transport().has("send_batch");
      if (batch > 1 && !able) continue;
      for (const std::uint64_t bytes : sizes) {
        Shape rung = widest;
        rung.message_bytes = bytes, rung.batch = batch;
        Job pour = job(rung, bytes > 4097 ? 35 : 67);  // batches of 32 and a rest
        Job drain = pour;
        drain.lead = batch == 7 ? 0 : 10;
        drain.messages_each = drain.messages - drain.lead;
        phases.push_back({rung, Part::pour, Part::drain, pour, drain});
      }
    }
    widest.message_bytes = *std::ranges::max_element(sizes);
    run_all_right(widest, phases);
  }
}

bool streams(const Transport& t, Access) {
  return t.traits.carries_payload && !t.traits.one_in_flight;
}
INSTANTIATE_TEST_SUITE_P(Transport, PourDrain, ::testing::ValuesIn(points(streams)), PointName());
INSTANTIATE_TEST_SUITE_P(Variant, PourDrain, ::testing::ValuesIn(variant_points(streams)),
                         PointName());

class Deadlines : public Conformance {
 protected:
  static Phase expire(const Shape& shape, std::uint64_t messages, std::uint64_t timeout_ns) {
    Phase phase;
    phase.shape = shape;
    phase.client = Part::expire;
    phase.client_job = job(shape, messages);
    phase.client_job.timeout_ns = timeout_ns;
    return phase;
  }
};

TEST_P(Deadlines, recv_until_never_returns_early_and_takes_what_waits) {
  const Shape both = shape(at_most(64), at_most(64));
  std::vector<Phase> phases;
  for (const std::uint64_t timeout_ns : {0u, 50'000u, 5'000'000u}) {
    phases.push_back(expire(both, 4, timeout_ns));
  }
  // Nothing waits in a channel that hands over from hand to hand: there it comes while it is
  // awaited.
  const bool waits = !transport().traits.rendezvous;
  phases.push_back({both, std::nullopt, Part::pour, {}, job(both, 1)});
  if (!waits) phases.back().server.reset();
  phases.push_back(expire(both, 1, 500'000'000));
  phases.back().reshape = !waits;  // the message is in the channel
  if (!waits) phases.back().server = Part::pour, phases.back().server_job = job(both, 1);
  phases.push_back(ask(both, 10));
  phases.back().client_job.timeout_ns = 2'000'000'000;

  const auto outcomes = run(transport(), both, phases);
  ASSERT_EQ(outcomes.size(), phases.size())
      << outcomes.back().client.error << outcomes.back().server.error;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(outcomes[i].client.wrong, 0u) << "a message from nowhere";
    EXPECT_GE(outcomes[i].client.earliest_ns, 0) << phases[i].client_job.timeout_ns;
  }
  EXPECT_EQ(outcomes[4].client.wrong, 1u) << "the waiting message was not taken";
  expect_right(outcomes[5], phases[5]);
}

bool has_deadlines(const Transport& t, Access access) {
  return access == Access::copy && t.has("recv_until");
}
INSTANTIATE_TEST_SUITE_P(Transport, Deadlines, ::testing::ValuesIn(points(has_deadlines)),
                         PointName());

}  // namespace
}  // namespace ipcmark::conformance
