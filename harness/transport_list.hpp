// What `list transports` says: every mechanism in every form, and what of it this machine has.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ipcmark {

struct Transport;

// What a transport says of itself, on any machine: summary, family, copies, boundaries, abilities.
// The manifest has the same, so that a run can be read where the program is not.
[[nodiscard]] nlohmann::json promises_of(const Transport& transport);

// One entry per transport and variant, the default first. `name`, `variant` (axis → value), family,
// abilities, waits, `max_bytes` and what refuses more (`limited_by`); `available`, else `reason`:
// the call, the errno's text and the knob.
[[nodiscard]] nlohmann::json transports_json();

// The same for people, from those entries: a line a transport, its variants in a row below it, and
// why some are not here at the end.
void print_transports(const nlohmann::json& entries);

}  // namespace ipcmark
