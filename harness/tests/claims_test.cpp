#include "harness/claims.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "harness/cast.hpp"

namespace ipcmark {
namespace {

constexpr TimeScale kScale{.ticks_per_ns = 2, .quantum_ns = 1};

// A step of `messages` messages that took `taken_ns`, stamped after each `each`, and the stamps
// that show `shown_ns` of it.
class Account {
 public:
  Account(Part part, std::uint64_t messages, std::uint64_t each, double taken_ns, double shown_ns,
          std::uint64_t lead = 0) {
    claim_.part = part;
    claim_.job = {.messages = messages, .messages_each = each, .lead = lead};
    const std::uint64_t count = 1 + (messages - lead) / each;
    claim_.report = {.stamped = count,
                     .messages = messages,
                     .drops = std::nullopt,
                     .began_ticks = 1000,
                     .ended_ticks = 1000 + static_cast<std::uint64_t>(taken_ns * 2)};
    const std::uint64_t shown = static_cast<std::uint64_t>(shown_ns * 2);
    for (std::uint64_t i = 0; i < count; ++i) {
      stamps_.push_back(claim_.report.ended_ticks - shown + shown * i / (count - 1));
    }
  }
  [[nodiscard]] Claim claim() const {
    Claim claim = claim_;
    claim.stamps = stamps_;
    return claim;
  }
  std::vector<std::uint64_t>& stamps() { return stamps_; }
  StepReport& report() { return claim_.report; }

 private:
  Claim claim_;
  std::vector<std::uint64_t> stamps_;
};

TEST(Claims, a_step_whose_stamps_show_its_time_is_believed) {
  const Account warm(Part::ask, 1000, 1000, 1e6, 0.9999e6), timed(Part::ask, 1000, 10, 1e6, 1e6);
  EXPECT_EQ(contradiction(timed.claim()), "");
  EXPECT_EQ(too_fast(std::vector{warm.claim(), timed.claim()}, kScale), "");
  EXPECT_LT(hidden_ns(warm.claim(), kScale), 101);
}

TEST(Claims, stamps_that_leave_time_out_of_every_step_are_not) {
  const Account warm(Part::ask, 1000, 1000, 1e6, 0.8e6), timed(Part::ask, 1000, 10, 1e6, 0.8e6);
  EXPECT_EQ(too_fast(std::vector{warm.claim(), timed.claim()}, kScale),
            "its stamps account for 1600.0 of the 2000.0 us that its steps took");
}

TEST(Claims, one_preemption_at_the_edge_of_a_step_is_no_lie) {
  const Account warm(Part::ask, 1000, 1000, 9e6, 1e6), timed(Part::ask, 1000, 10, 1e6, 1e6);
  EXPECT_EQ(too_fast(std::vector{warm.claim(), timed.claim()}, kScale), "");
}

TEST(Claims, much_time_left_out_of_one_step_is_a_lie) {
  const Account warm(Part::ask, 1000, 1000, 1e6, 1e6), timed(Part::ask, 1000, 10, 200e6, 5e6);
  EXPECT_NE(too_fast(std::vector{warm.claim(), timed.claim()}, kScale), "");
}

TEST(Claims, waiting_for_a_cpu_explains_hidden_time_up_to_its_length) {
  const Account stalled(Part::drain, 40, 10, 260e6, 46e6);
  EXPECT_EQ(too_fast(std::vector{stalled.claim()}, kScale, 220e6), "");
  EXPECT_NE(too_fast(std::vector{stalled.claim()}, kScale, 60e6), "");
}

TEST(Claims, an_end_does_not_hide_the_time_before_the_other_began) {
  Account early(Part::drain, 40, 10, 240e6, 30e6);
  Claim claim = early.claim();
  EXPECT_NE(too_fast(std::vector{claim}, kScale), "");
  claim.together_ticks = claim.report.ended_ticks - 2 * 32'000'000;
  EXPECT_EQ(too_fast(std::vector{claim}, kScale), "");
  claim.together_ticks = claim.report.ended_ticks + 1;  // the others' word, and it may be wrong
  EXPECT_EQ(too_fast(std::vector{claim}, kScale), "");
}

TEST(Claims, what_the_lead_of_a_stream_takes_is_not_hidden) {
  const Account stream(Part::drain, 40, 10, 4e6, 3e6, 10);
  EXPECT_LT(hidden_ns(stream.claim(), kScale), 1);
}

TEST(Claims, counts_are_those_that_were_asked_for) {
  Account more(Part::ask, 100, 10, 1e6, 1e6);
  more.report().messages = 1000;
  EXPECT_EQ(contradiction(more.claim()), "claims 1000 messages, 100 were asked for");
  Account fewer(Part::ask, 100, 10, 1e6, 1e6);
  fewer.report().stamped = 5;
  EXPECT_EQ(contradiction(fewer.claim()), "wrote 5 stamps, 11 were due");
}

TEST(Claims, a_watched_sender_stamps_each_return_too) {
  Claim claim;
  claim.part = Part::pace, claim.job.messages = 2;
  claim.report = {.stamped = 4, .messages = 2, .drops = std::nullopt, .ended_ticks = 100};
  const std::vector<std::uint64_t> stamps{1, 2, 3, 4};
  claim.stamps = stamps;
  EXPECT_EQ(contradiction(claim), "wrote 4 stamps, 2 were due");
  claim.watched = true;
  EXPECT_EQ(contradiction(claim), "");
}

TEST(Claims, stamps_ascend_within_their_step) {
  Account back(Part::ask, 100, 10, 1e6, 1e6);
  std::swap(back.stamps()[3], back.stamps()[4]);
  EXPECT_NE(contradiction(back.claim()).find("descend"), std::string::npos);
  Account early(Part::ask, 100, 10, 1e6, 1e6);
  early.stamps().front() = 10;
  EXPECT_NE(contradiction(early.claim()).find("before the step"), std::string::npos);
  Account late(Part::ask, 100, 10, 1e6, 1e6);
  late.stamps().back() += 2;
  EXPECT_NE(contradiction(late.claim()).find("later than the end"), std::string::npos);
}

TEST(Claims, a_window_is_stamped_between_its_filling_and_its_emptying) {
  Account window(Part::window, 100, 10, 1e6, 0.8e6, 20);  // stamps for 80: lead and as many behind
  Claim claim = window.claim();
  claim.stamps = claim.stamps.first(7);
  claim.report.stamped = 7;  // 1 + (100 - 2 * 20) / 10
  EXPECT_EQ(contradiction(claim), "");
  claim.report.stamped = 9;
  EXPECT_EQ(contradiction(claim), "wrote 9 stamps, 7 were due");
}

TEST(Claims, what_is_dealt_may_be_less_but_never_more_than_was_asked_for) {
  Account taken(Part::take, 100, 1, 1e6, 1e6);
  Claim claim = taken.claim();
  claim.report.messages = 40, claim.report.stamped = 80;
  EXPECT_EQ(contradiction(claim), "");
  claim.report.messages = 101, claim.report.stamped = 202;
  EXPECT_EQ(contradiction(claim), "claims 101 messages, 100 were asked for");
}

TEST(Claims, steps_take_no_longer_than_was_waited_for_them) {
  Order order{.kind = Order::Kind::steps, .step_count = 1};
  std::array<Report, 2> reports;
  reports[1].steps[0] = {.drops = std::nullopt, .began_ticks = 0, .ended_ticks = 20'000'000};
  EXPECT_NO_THROW(require_within(order, reports, 20'000'000, kScale));
  EXPECT_THROW(require_within(order, reports, 19'999'999, kScale), LaunchFailed);
}

}  // namespace
}  // namespace ipcmark
