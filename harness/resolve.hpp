// From what was asked to what is done: plan file, flags on top, the experiments' defaults below.
#pragma once

#include <string>
#include <vector>

#include "harness/options.hpp"
#include "harness/plan.hpp"

namespace ipcmark {

// The fully resolved plan: every table has every axis that its experiment or the plan sets, so that
// it means the same in the manifest. An axis flag replaces the axis in every table, except that of
// transports each table keeps those it has, and one that no table of an experiment has gets a table
// of its defaults. With `like` or `resume` the plan is that run's. Throws UsageError.
[[nodiscard]] Plan resolve_plan(const RunOptions& options);

// A shipped plan's name ("quick") or a path → the file. Throws UsageError with the nearest name.
[[nodiscard]] std::string find_plan(const std::string& name);
[[nodiscard]] std::vector<std::string> shipped_plans();

}  // namespace ipcmark
