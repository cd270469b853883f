// What a rung's roles received, held against what was sent.
#include <fmt/format.h>

#include "harness/cast.hpp"
#include "harness/rung.hpp"
#include "harness/words.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

std::string RungMeter::name_of(std::size_t role) const {
  const bool client = role < first_server();
  const std::size_t alike = client ? point_.producers : point_.consumers;
  const std::string_view name = word(client ? Role::client : Role::server);
  if (alike == 1) return std::string(name);
  return fmt::format("{} {}", name, client ? role : role - first_server());
}

void RungMeter::check(Reports reports, const Order& order) const {
  check_payload(reports, order);
  if (point_.pattern == Pattern::deal) return check_deal(reports, order);
  const std::string_view phase = word(order.steps[order.step_count - 1].phase);
  if (point_.pattern != Pattern::pour) return;
  if (lossy()) {
    check_losses(reports, phase);
  } else if (point_.shared()) {
    check_mailbox(reports, phase);
  }
}

void RungMeter::check_payload(Reports reports, const Order& order) const {
  if (!find_transport(point_.transport)->traits.carries_payload) return;
  for (std::size_t role = 0; role < reports.size(); ++role) {
    for (std::uint32_t i = 0; i < order.step_count; ++i) {
      const auto& step = reports[role].steps[i];
      if (step.wrong == 0) continue;
      const std::string lengths =
          step.wrong_lengths == 0 ? "" : fmt::format(" ({} of another length)", step.wrong_lengths);
      throw PayloadWrong(fmt::format(
          "{}: {} of {} messages were not what was sent{} in {}, the first is number {}",
          name_of(role), step.wrong, step.messages, lengths, word(order.steps[i].phase),
          step.first_wrong));
    }
  }
}

// Each consumer has seen to it that it took no message twice; that no two of them took the same and
// none was left out shows in the sums over all of them.
void RungMeter::check_mailbox(Reports reports, std::string_view phase) const {
  for (std::size_t step = 0; step < Order::kMostSteps; ++step) {
    for (std::size_t producer = 0; producer < first_server(); ++producer) {
      Taken taken;
      for (const Report& server : reports.subspan(first_server())) {
        taken += server.steps[step].taken[producer];
      }
      const std::uint64_t sent = reports[producer].steps[step].messages;
      if (taken == Taken::whole(sent)) continue;
      throw PayloadWrong(
          fmt::format("of {} messages of {} in {} consumers took {}, and not each of them once",
                      sent, name_of(producer), phase, taken.count));
    }
  }
}

// What the senders counted is what the receiver's gaps and arrivals add up to, or the count of
// losses is not to be believed.
void RungMeter::check_losses(Reports reports, std::string_view phase) const {
  for (std::size_t i = 0; i < Order::kMostSteps; ++i) {
    std::uint64_t sent = 0;
    for (const Report& client : reports.first(first_server())) sent += client.steps[i].messages;
    const StepReport& server = reports[first_server()].steps[i];
    if (sent != server.messages + server.lost) {
      throw LaunchFailed(fmt::format("{} messages were sent in {}, {} arrived and {} were lost",
                                     sent, phase, server.messages, server.lost));
    }
    if (sent != 0 && server.messages == 0) {
      throw LaunchFailed(fmt::format("none of {} messages arrived in {}", sent, phase));
    }
  }
}

}  // namespace ipcmark
