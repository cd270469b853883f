// How long an effect's rung takes: for plans, which open nothing.
#pragma once

#include <cstdint>

#include "harness/case.hpp"
#include "harness/plan.hpp"
#include "harness/reading.hpp"

namespace ipcmark {

// Nanoseconds, about.
[[nodiscard]] std::int64_t effect_ns(Reading reading, const Case& point, const RunSettings& run);

}  // namespace ipcmark
