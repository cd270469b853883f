// Launches of one case that read what they are told to, and an interval of what they found.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/launch.hpp"
#include "harness/spawn.hpp"

namespace ipcmark {

using nlohmann::json;

inline json launched(Reading reading, Case point, void (*adjust)(RunSettings&) = nullptr) {
  LaunchSpec spec;
  spec.launch_id = "b000-l0000";
  spec.experiment = "test";
  spec.prefix = "ipcmark-test";
  spec.reading = reading;
  spec.server_cpu = ::sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0;
  spec.settings.phase_deadline_ns = 10'000'000'000;
  if (adjust != nullptr) adjust(spec.settings);
  // Further servers on CPUs of their own, as far as there are any.
  const int last = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)) - 1;
  for (std::uint32_t i = 1; i < point.consumers; ++i) {
    spec.more_cpus.push_back(std::min(static_cast<int>(i) + 1, last));
  }
  spec.rungs = {std::move(point)};
  return run_launch_process(spec, 60'000'000'000).at(0);
}

inline Case trips(std::string transport) {
  Case point;
  point.transport = std::move(transport);
  point.message_bytes = point.reply_bytes = 64;
  return point;
}

// Order statistics of ranks that miss the median once in a thousand for twenty and more.
inline std::pair<double, double> interval_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const auto skip = static_cast<std::size_t>(n / 2 - 1.7 * std::sqrt(n));
  return {values.at(skip), values.at(values.size() - 1 - skip)};
}

}  // namespace ipcmark
