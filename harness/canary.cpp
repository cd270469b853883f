#include "harness/canary.hpp"

#include <algorithm>
#include <vector>

#include "harness/handoff.hpp"
#include "harness/launch.hpp"
#include "harness/membarrier.hpp"

namespace ipcmark {

namespace {

constexpr std::size_t kCanaryStamps = 9, kInterrupts = 9;

double middle(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

bool expect_interrupts() noexcept {
  return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0;
}

std::optional<CanaryReading> Canary::measure() {
  const LaunchSpec& spec = director_.spec();
  if (spec.client_cpu == spec.server_cpu) return std::nullopt;
  const Order order{.kind = Order::Kind::canary,
                    .canary_stamps = kCanaryStamps,
                    .canary_from = turn_,
                    .canary_interrupts = interrupts_ ? kInterrupts : 0};
  turn_ += handoff::turns(kCanaryStamps);
  Cast& cast = director_.cast();
  cast.tell({cast.first(Role::client), cast.first(Role::server)}, order, Phase::canary,
            director_.deadline());
  const auto stamps = director_.stage().stamps(Role::client);
  const auto between = [&](std::size_t i) { return director_.to_ns(stamps[i] - stamps[i - 1]); };
  std::vector<double> windows, interrupts;
  for (std::size_t i = 1; i < kCanaryStamps; ++i) {
    windows.push_back(between(i) / handoff::kRoundsEach);
  }
  for (std::size_t i = 0; i < order.canary_interrupts; ++i) {
    interrupts.push_back(between(kCanaryStamps + 2 * i + 1));
  }
  fastest_ns_ = std::min(fastest_ns_, *std::ranges::min_element(windows));
  CanaryReading reading;
  reading.handoff_ns = middle(windows);
  if (!interrupts.empty()) reading.interrupt_ns = middle(interrupts);
  return reading;
}

}  // namespace ipcmark
