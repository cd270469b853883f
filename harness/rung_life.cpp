// A rung whose channels are opened and closed: its first message, and how long each phase took.
#include <cmath>

#include "harness/claims.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

Order RungMeter::first_message() {
  Order order{.kind = Order::Kind::steps, .together = true, .at_once = true, .step_count = 1};
  order.steps[0] = {.part = Part::ask, .job = job(1, 1)};
  last_ = order;
  return order;
}

std::uint64_t RungMeter::take_first_message(Reports reports, const Stage& stage) {
  check(reports, last_);
  require_true(last_, reports, stage, scale_, lossy());
  result_.roles.resize(reports.size());
  for (std::size_t end = 0; end < reports.size(); ++end) {
    result_.roles[end].cpus.insert(reports[end].cpu);
    result_.roles[end].messages += 1;
  }
  const auto stamps = stage.stamps(Role::client);
  return stamps[1] - stamps[0];
}

void RungMeter::take_life(const LifeTicks& life) {
  const auto keep = [&](const char* name, std::uint64_t ticks) {
    result_.histograms[name].record(static_cast<std::uint64_t>(std::llround(to_ns(ticks))));
  };
  keep("open_ns", life.open);
  keep("connect_ns", life.connect);
  keep("first_message_ns", life.first_message);
  keep("close_ns", life.close);
  keep("remove_ns", life.remove);
  keep("cycle_ns", life.all());
  result_.messages += 1;
}

}  // namespace ipcmark
