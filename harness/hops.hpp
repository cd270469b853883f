// A list in shared memory that each side maps at an address of its own: what leads from node to
// node must not be an address, and what does costs so much a hop.
#pragma once

#include <memory>
#include <string>

#include "harness/effect.hpp"

namespace ipcmark {

[[nodiscard]] std::string hops_refusal(const Case& point);
[[nodiscard]] std::unique_ptr<Effect> hops(const LaunchSpec& spec);

}  // namespace ipcmark
