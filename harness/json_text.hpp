// JSON from others: a plug-in's process, or a folder that anybody may have edited.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace ipcmark {

// The parsed text; discarded when it is no JSON, or nested deeper than anything of ours: what the
// library does to a value afterwards is recursive, and would end in the stack's guard page.
[[nodiscard]] nlohmann::json parse_json(std::string_view text);

// Whether the harness can rely on a value as a record: the fields that it reads itself when a run
// is resumed are there and of their types. Whatever else is in it is for the analysis to judge.
[[nodiscard]] bool is_record(const nlohmann::json& value);

}  // namespace ipcmark
