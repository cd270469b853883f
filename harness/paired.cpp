#include "harness/paired.hpp"

#include <vector>

#include "harness/launch.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kPairProbe = 1024;  // operations of a probe's window
constexpr std::uint64_t kFewestPairs = 6;
// The longest that an operation or an interrupt takes; what is longer stopped a CPU.
constexpr double kLongestGapNs = 150'000;

std::vector<PairedWindow> windows_in_turns(const ActOrder& order, const Director& director) {
  std::vector<PairedWindow> all(2 * order.rounds);
  const auto stamps = director.stage().stamps(Role::client);
  std::memcpy(static_cast<void*>(all.data()), stamps.data(), all.size() * sizeof(PairedWindow));
  return all;
}

double operation_ns_of(const PairedWindow& window, const ActOrder& order,
                       const Director& director) {
  return director.to_ns(window.ticks) / static_cast<double>(order.each[window.asked == 1 ? 1 : 0]);
}

bool undisturbed(const PairedWindow& window, const Director& director) {
  const double usual = director.to_ns(window.ticks) / kChunks;
  return director.to_ns(window.longest_chunk) - usual < kLongestGapNs;
}

}  // namespace

ActOrder probe_of_pairs() { return {.rounds = 1, .each = {kPairProbe, kPairProbe}}; }

void plan_pairs(ActOrder& order, const Director& director) {
  const RunSettings& run = director.spec().settings;
  const auto probed = windows_in_turns(order, director);
  std::array<double, 2> probed_ns{};
  for (const PairedWindow& seen : probed) {
    probed_ns[seen.asked == 1 ? 1 : 0] = operation_ns_of(seen, order, director);
  }
  order.rounds = std::max<std::uint64_t>(run.windows / 2, kFewestPairs);
  const double window_ns =
      static_cast<double>(run.measure_ns) / static_cast<double>(order.rounds) / 2;
  for (std::size_t i = 0; i < probed_ns.size(); ++i) {
    const double chunk = window_ns / std::max(probed_ns[i], 0.1) / kChunks;
    order.each[i] = std::max<std::uint64_t>(static_cast<std::uint64_t>(chunk), 1) * kChunks;
  }
}

void take_pairs(const ActOrder& order, const Director& director, const char* baseline,
                RungResult& result) {
  const auto windows = windows_in_turns(order, director);
  std::uint64_t kept = 0;
  for (std::size_t i = 0; i + 1 < windows.size(); i += 2) {
    const bool second = windows[i + 1].asked == 1;
    const PairedWindow& with = windows[i + (second ? 1 : 0)];
    const PairedWindow& without = windows[i + (second ? 0 : 1)];
    result.window_ns_per_message.push_back(operation_ns_of(with, order, director));
    // One that was stopped leaves the next cold, too.
    const bool before = i == 0 || undisturbed(windows[i - 1], director);
    if (!before || !undisturbed(with, director) || !undisturbed(without, director)) continue;
    result.rounds["ns"].push_back(operation_ns_of(with, order, director));
    result.rounds[baseline].push_back(operation_ns_of(without, order, director));
    kept += 2;
  }
  result.counts["windows_kept"] = kept;
  result.counts["windows_total"] = windows.size();
  result.window_messages = order.each[1];
  result.messages += result.window_ns_per_message.size() * order.each[1];
}

}  // namespace ipcmark
