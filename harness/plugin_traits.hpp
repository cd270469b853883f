// How a plug-in's entry travels from the child that loaded it: as JSON, its traits as bytes.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "transports/registered.hpp"

namespace ipcmark {

[[nodiscard]] nlohmann::json entry_json(const Transport& transport);

// An entry without code, whose texts live as long as the program. Throws nlohmann::json::exception
// for anything that entry_json did not write.
[[nodiscard]] Transport transport_from_json(const nlohmann::json& entry);

}  // namespace ipcmark
