// A rung of urgent messages and backlogs: how many rounds, and what came of them.
#include <algorithm>
#include <cmath>

#include "harness/rung.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kVerifiedRounds = 3;
constexpr std::uint64_t kFewestRounds = 12;
constexpr std::uint64_t kMostRounds = 2000;
// As many batch-phase budgets as an open loop gets.
constexpr double kOvertakeBudgets = 5;
// Handing the turn over and back.
constexpr double kTurnNs = 5000;

}  // namespace

void RungMeter::plan_overtaking(Order& order) {
  const std::uint64_t each = point_.backlog + 1;
  const double round_ns = 2 * static_cast<double>(each) * message_ns_ + kTurnNs;
  const double fit = kOvertakeBudgets * static_cast<double>(settings_.measure_ns) / round_ns;
  const auto rounds = static_cast<std::uint64_t>(
      std::clamp(fit, static_cast<double>(kFewestRounds), static_cast<double>(kMostRounds)));
  order.step_count = 2;
  for (std::uint32_t i = 0; i < order.step_count; ++i) {
    Job part = job((i == 0 ? kVerifiedRounds : rounds) * each, 1);
    part.lead = 0;
    part.backlog = point_.backlog;
    part.precedence = point_.precedence;
    part.verify = i == 0;
    order.steps[i] = {.part = Part::overtake, .job = part};
    sequence_ += part.messages;
  }
  order.steps[0].phase = Phase::warm_up;
  result_.warm_up_messages += kVerifiedRounds * each;
  expected_ns_ =
      static_cast<std::int64_t>(static_cast<double>(rounds + kVerifiedRounds) * round_ns);
}

// Three stamps a round of either end: see Tally.
void RungMeter::take_overtaking(Reports reports, const Stage& stage) {
  const Report &client = reports[0], &server = reports[first_server()];
  const auto stamps = [&](const Report& report, Role role) {
    return stage.stamps(role).subspan(report.steps[0].stamped, report.steps[1].stamped);
  };
  const auto sent = stamps(client, Role::client), taken = stamps(server, Role::server);
  const std::uint64_t rounds = taken.size() / 3;
  double filling = 0, draining = 0;
  for (std::uint64_t i = 0; i < taken.size(); i += 3) {
    const auto ns = [&](std::uint64_t ticks) {
      return static_cast<std::uint64_t>(std::llround(to_ns(ticks)));
    };
    result_.histograms["urgent_ns"].record(ns(taken[i + 1] - taken[i]));
    result_.histograms["drain_ns"].record(ns(taken[i + 2] - taken[i]));
    result_.histograms["urgent_send_ns"].record(ns(sent[i + 2] - sent[i + 1]));
    filling += to_ns(sent[i + 1] - sent[i]);
    draining += to_ns(taken[i + 2] - taken[i]);
  }
  const auto n = static_cast<double>(rounds);
  const auto backlog = static_cast<double>(point_.backlog);
  result_.values["urgent_position"] = static_cast<double>(server.steps[1].positions) / n;
  result_.values["fill_ns_per_message"] = filling / n / backlog;
  result_.values["drain_ns_per_message"] = draining / n / (backlog + 1);
  result_.messages += last_.steps[1].job.messages;
}

}  // namespace ipcmark
