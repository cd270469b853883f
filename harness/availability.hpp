#pragma once

#include <nlohmann/json_fwd.hpp>

#include "transports/registry.hpp"

namespace ipcmark {

// Opens channels in this process and closes them at once: `reason` why there can be none, or empty;
// `max_bytes`, null where no size that can be asked for is refused; `limited_by`, what the next
// byte meets, as the mechanism says it.
[[nodiscard]] nlohmann::json availability(const Transport& transport);

}  // namespace ipcmark
