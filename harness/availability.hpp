#pragma once

#include <string>

#include "transports/registry.hpp"

namespace ipcmark {

// Opens a small channel in this process and closes it at once; why it cannot be had, or empty.
[[nodiscard]] std::string why_not_here(const Transport& transport);

}  // namespace ipcmark
