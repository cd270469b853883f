#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "transports/registered.hpp"

namespace ipcmark {

// An array of the forms of a transport (variants.hpp), each opened in this process and closed at
// once: `variant`, its axes; `reason` why it cannot be had, or empty; `max_bytes`, null where no
// size that can be asked for is refused; `limited_by`, what the next byte meets, as the mechanism
// says it.
[[nodiscard]] nlohmann::json availability(const Transport& transport);

// The same where nothing could be opened, for one reason.
[[nodiscard]] nlohmann::json unavailable(const Transport& transport, const std::string& reason);

}  // namespace ipcmark
