// Two processes and the lines between them: what a neighbour in the same cache line costs.
#pragma once

#include <memory>
#include <string>

#include "harness/effect.hpp"

namespace ipcmark {

[[nodiscard]] std::string contention_refusal(const Case& point);
[[nodiscard]] std::unique_ptr<Effect> contention(const LaunchSpec& spec);

}  // namespace ipcmark
