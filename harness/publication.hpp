// Data told of with one memory order or another: what a hand-off costs, and which outcomes a litmus
// test shows.
#pragma once

#include <memory>
#include <string>

#include "harness/effect.hpp"

namespace ipcmark {

[[nodiscard]] std::string publication_refusal(const Case& point);
[[nodiscard]] std::unique_ptr<Effect> publication(const LaunchSpec& spec);

}  // namespace ipcmark
