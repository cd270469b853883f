#include "harness/canary.hpp"

#include <algorithm>
#include <vector>

#include "harness/handoff.hpp"
#include "harness/launch.hpp"

namespace ipcmark {

namespace {

constexpr std::size_t kCanaryStamps = 9;

}  // namespace

std::optional<double> Canary::measure() {
  const LaunchSpec& spec = director_.spec();
  if (spec.client_cpu == spec.server_cpu) return std::nullopt;
  const Order order{
      .kind = Order::Kind::canary, .canary_stamps = kCanaryStamps, .canary_from = turn_};
  turn_ += (kCanaryStamps - 1) * handoff::kRoundsEach;
  Cast& cast = director_.cast();
  cast.tell({cast.first(Role::client), cast.first(Role::server)}, order, Phase::canary,
            director_.deadline());
  const auto stamps = director_.stage().stamps(Role::client).first(kCanaryStamps);
  std::vector<double> windows;
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    windows.push_back(director_.to_ns(stamps[i] - stamps[i - 1]) / handoff::kRoundsEach);
  }
  fastest_ns_ = std::min(fastest_ns_, *std::ranges::min_element(windows));
  std::ranges::sort(windows);
  return windows[windows.size() / 2];
}

}  // namespace ipcmark
