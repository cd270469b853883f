// A lock-free stack whose nodes come back (A, B, A): what a counter beside the top costs, how often
// the stack breaks without one, and whether one of so many bits sees that it has gone round.
#pragma once

#include <memory>
#include <string>

#include "harness/effect.hpp"

namespace ipcmark {

[[nodiscard]] std::string reuse_refusal(const Case& point);
[[nodiscard]] std::unique_ptr<Effect> reuse(const LaunchSpec& spec);

// What the client does while a pop is stopped: the counter's values once round, or one off; of a
// stack without a counter the fewest that bring the top back.
[[nodiscard]] std::uint64_t updates_of(const Case& point);

}  // namespace ipcmark
