// The harness's side of a launch: a fresh copy of this program, watched from outside.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/launch.hpp"

namespace ipcmark {

// Runs one launch to its end and returns its records, one for every rung in the spec's order. A
// launch that dies, hangs past `deadline_ns` or says something that is no record gives `failed`
// records with the reason; nothing is thrown for what the launch does. Everything the launch
// started is gone when this returns.
[[nodiscard]] std::vector<nlohmann::json> run_launch_process(const LaunchSpec& spec,
                                                             std::int64_t deadline_ns);

// What a launch wrote, as one record for every rung; `why` is what is known to have gone wrong with
// it, or empty. A launch that runs foreign code may write anything.
[[nodiscard]] std::vector<nlohmann::json> records_in(const std::string& text,
                                                     const LaunchSpec& spec, std::string why);

}  // namespace ipcmark
