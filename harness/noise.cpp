#include "harness/noise.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/binding.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

nlohmann::json to_json(const NoiseReport& report) {
  return {{"cpu", report.cpu},
          {"gaps", report.gaps},
          {"longest_ns", report.longest_ns},
          {"stolen_ppm", report.stolen_ppm}};
}

void GapCounter::add(std::uint64_t gap) noexcept {
  ++gaps_;
  longest_ = std::max(longest_, gap);
  stolen_ += gap;
}

NoiseReport GapCounter::report(int cpu, const TickScale& scale) const noexcept {
  const std::uint64_t watched = watched_ticks();
  const double stolen = static_cast<double>(stolen_);
  return {.cpu = cpu,
          .gaps = gaps_,
          .longest_ns = scale.to_ns(longest_),
          .stolen_ppm = watched == 0 ? 0 : 1e6 * stolen / static_cast<double>(watched)};
}

NoiseReport probe_noise(int cpu, std::chrono::nanoseconds duration, const TickScale& scale) {
  bind_this_thread(cpu);
  const std::uint64_t length = scale.to_ticks(static_cast<std::uint64_t>(duration.count()));
  GapCounter counter(ticks::now(), scale.to_ticks(kNoiseGapNs));
  while (counter.watched_ticks() < length) counter.see(ticks::now());
  return counter.report(cpu, scale);
}

}  // namespace ipcmark
