// What a channel promises beyond its messages: reasons, closed peers, and a machine left as it was.
#include "transports/tests/conformance.hpp"
#include "transports/tests/leftovers.hpp"

namespace ipcmark::conformance {
namespace {

class Leftovers : public Conformance {};

TEST_P(Leftovers, names_are_gone_once_it_is_open_and_everything_once_it_is_closed) {
  for (const Variant& variant : variants(transport().traits)) {
    Shape small = shape(at_most(56), at_most(56));
    variant.apply(small);
    if (!refusal(small).empty()) continue;
    auto channel = transport().open(small);
    EXPECT_EQ(names_left(), 0u);
    EXPECT_EQ(segments_left(Segments::named), 0u);
    channel.reset();
    EXPECT_EQ(sysv_left(), 0u);
    run_all_right(small, {ask(small, 4)});
    EXPECT_EQ(sysv_left(), 0u);
  }
}

TEST_P(Leftovers, a_refusal_says_why_and_leaves_nothing) {
  for (const std::uint64_t bytes : {57ul, 8193ul, 212'961ul, 1ul << 30}) {
    Shape asked = shape(bytes, 8);
    asked.threshold_bytes = kNever;
    const std::string reason = refusal(asked);
    if (reason.empty()) continue;
    EXPECT_NE(reason.find(": "), std::string::npos) << reason;
    EXPECT_NE(reason.find_first_of("0123456789", reason.find('(')), std::string::npos) << reason;
    EXPECT_EQ(names_left(), 0u);
    EXPECT_EQ(sysv_left(), 0u);
  }
}

bool one_wait(const Transport& t, Access access) {
  return t.traits.answers && access == Access::copy;
}
std::vector<Point> one_point_a_transport() {
  auto all = points(one_wait);
  std::erase_if(all, [](const Point& p) { return p.wait != p.transport->waits.back(); });
  return all;
}
INSTANTIATE_TEST_SUITE_P(Transport, Leftovers, ::testing::ValuesIn(one_point_a_transport()),
                         PointName());

class TwoThreads : public Conformance {};

TEST_P(TwoThreads, exchange_messages_as_two_processes_do) {
  Shape small = shape(at_most(64), at_most(64));
  std::vector<Phase> phases{ask(small, 20)};
  small.home = Role::server, small.message_bytes = 1;
  phases.push_back(ask(small, 20));
  small.message_bytes = at_most(64);
  const auto outcomes = run_as_threads(transport(), small, phases);
  ASSERT_EQ(outcomes.size(), phases.size())
      << outcomes.back().client.error << outcomes.back().server.error;
  for (std::size_t i = 0; i < phases.size(); ++i) expect_right(outcomes[i], phases[i]);
}

INSTANTIATE_TEST_SUITE_P(Transport, TwoThreads, ::testing::ValuesIn(one_point_a_transport()),
                         PointName());

class ClosedPeer : public Conformance {
 protected:
  // The server leaves after five messages; the client wants more.
  static std::string error_of_client(Part client, Part server, std::uint64_t messages) {
    const Shape both = shape(64, 64);
    const auto outcomes =
        run(transport(), both, {{both, client, server, job(both, messages), job(both, 5)}},
            Keep::nothing);
    return outcomes[0].client.error;
  }
  static void expect_names_a_call(const std::string& error) {
    const bool names = error.starts_with("write") || error.starts_with("send") ||
                       error.starts_with("read") || error.starts_with("recv") ||
                       error.starts_with("vmsplice");
    EXPECT_TRUE(names) << "\"" << error << "\"";
  }
};

TEST_P(ClosedPeer, a_sender_gets_an_error_that_names_the_call) {
  expect_names_a_call(error_of_client(Part::pour, Part::drain, 100'000));
}

TEST_P(ClosedPeer, a_receiver_gets_an_error_that_names_the_call) {
  if (transport().traits.name == "unix_dgram" || transport().traits.lossy) {
    GTEST_SKIP() << "the kernel tells no receiver of datagrams that its peer is gone";
  }
  expect_names_a_call(error_of_client(Part::ask, Part::answer, 10));
}

// Queues and shared memory have no peer: the harness watches the process instead.
bool has_a_peer(const Transport& t, Access access) {
  const bool over_a_stream =
      t.traits.name.starts_with("vmsplice") || t.traits.name == "memfd_fresh";
  return access == Access::copy &&
         (t.traits.family == Family::pipe || t.traits.family == Family::socket ||
          t.traits.family == Family::async || over_a_stream);
}
INSTANTIATE_TEST_SUITE_P(Transport, ClosedPeer, ::testing::ValuesIn(points(has_a_peer)),
                         PointName());

// Sixteen messages fill a pipe of sixteen pages; the ones behind them are written while the first
// wait.
class LentPages : public Conformance {};

TEST_P(LentPages, a_message_that_waits_is_not_changed_by_those_written_after_it) {
  for (const std::uint64_t bytes : {1ul, 64ul, 4096ul, 65536ul}) {
    const Shape pouring = shape(bytes, 0);
    const std::uint64_t waiting = 65536 / std::max(bytes, 4096ul);
    Phase fill{pouring, Part::pour, std::nullopt, job(pouring, waiting), {}};
    Phase go_on{pouring, Part::pour, Part::drain, job(pouring, 200), job(pouring, 200 + waiting)};
    go_on.client_job.first_sequence = waiting;
    go_on.reshape = false;
    const auto outcomes = run(transport(), pouring, {fill, go_on});
    ASSERT_EQ(outcomes.size(), 2u) << outcomes[0].client.error;
    expect_right(outcomes[1], go_on);
  }
}

bool lends_pages(const Transport& t, Access) { return t.traits.name.starts_with("vmsplice"); }
INSTANTIATE_TEST_SUITE_P(Transport, LentPages, ::testing::ValuesIn(points(lends_pages)),
                         PointName());

}  // namespace
}  // namespace ipcmark::conformance
