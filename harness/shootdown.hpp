// One side makes the kernel interrupt the other: what the trigger costs, how many interrupts come
// of it, how long the struck side stands still, and what it does to traffic.
#pragma once

#include <memory>
#include <string>

#include "harness/effect.hpp"

namespace ipcmark {

[[nodiscard]] std::string shootdown_refusal(const Case& point);
[[nodiscard]] std::unique_ptr<Effect> shootdowns(const LaunchSpec& spec);

}  // namespace ipcmark
