// How many blows and how much traffic a rung of shootdowns has, and what it takes.
#pragma once

#include <cstdint>

#include "harness/case.hpp"
#include "harness/settings.hpp"

namespace ipcmark::shootdown_plan {

// One blow, and all that its victim has to touch before the next, in ns.
[[nodiscard]] double turn_ns(const Case& point);
[[nodiscard]] std::uint64_t blows(const Case& point, const RunSettings& run);

// Beside traffic: ns from one blow to the next, 0 for as many as there can be.
[[nodiscard]] double period_ns(const Case& point);
// Pairs of windows, with blows and without, and ns of one window.
[[nodiscard]] std::uint64_t turns(const RunSettings& run);
[[nodiscard]] double window_ns(const Case& point, const RunSettings& run);
// Blows that are timed by themselves before it.
[[nodiscard]] std::uint64_t alone(const Case& point, const RunSettings& run);

// Of the whole rung, about.
[[nodiscard]] std::int64_t expected_ns(const Case& point, const RunSettings& run);

}  // namespace ipcmark::shootdown_plan
