#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/launch.hpp"

namespace ipcmark {

// What a launch wrote, as one record for every rung. `why` is what is known to have gone wrong with
// it, or empty; rungs without a record then failed for `otherwise`. A launch that runs foreign code
// may write anything.
[[nodiscard]] std::vector<nlohmann::json> records_in(
    const std::string& text, const LaunchSpec& spec, std::string why,
    const std::string& otherwise = "launch ended without its records");

}  // namespace ipcmark
