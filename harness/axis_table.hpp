// All axes of a case, as axes.hpp serves them.
#pragma once

#include <vector>

#include "harness/axes.hpp"

namespace ipcmark {

// In the order of records, of help and of the product: the first varies slowest.
[[nodiscard]] std::vector<Axis> axis_table();

}  // namespace ipcmark
