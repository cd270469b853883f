#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// The kernel's CPU list notation ("0-3,8"), as in sysfs, cpusets and `--cpus`.

// Numbers in the order given; an empty or blank text is an empty list. Throws
// std::invalid_argument naming the text when it is anything else.
[[nodiscard]] std::vector<int> parse_cpu_list(std::string_view text);

// Ascending, with ranges; "" for none.
[[nodiscard]] std::string format_cpu_list(std::span<const int> cpus);

}  // namespace ipcmark
