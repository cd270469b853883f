// One side makes the kernel interrupt the other: what the trigger costs, how many interrupts come
// of it, how long the struck side stands still, and what it does to traffic.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "harness/effect.hpp"

namespace ipcmark {

[[nodiscard]] std::string shootdown_refusal(const Case& point);
// What a rung takes, about.
[[nodiscard]] std::int64_t shootdown_ns(const Case& point, const RunSettings& run);
[[nodiscard]] std::unique_ptr<Effect> shootdowns(const LaunchSpec& spec);

}  // namespace ipcmark
