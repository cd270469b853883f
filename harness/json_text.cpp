#include "harness/json_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace ipcmark {

using nlohmann::json;

namespace {

constexpr int kDeepest = 64;  // a manifest's deepest value lies at 8

bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '[' || c == '{')) {
      if (++depth > kDeepest) return true;
    } else if (!quoted && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return false;
}

bool has_string(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string();
}

bool has_count(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() &&
         found->get<std::uint64_t>() <= UINT32_MAX;
}

// As JSON writes them: no time of ours is longer than 30 years.
bool has_time(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() && std::abs(found->get<double>()) < 1e18;
}

// Absent, null, or right.
template <class Right>
bool null_or(const json& object, const char* name, Right right) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() || right(*found);
}

bool is_status(const json& status) {
  constexpr std::array kKnown{"ok", "skipped", "failed"};
  return std::ranges::any_of(kKnown, [&](const char* known) { return status == known; });
}

}  // namespace

json parse_json(std::string_view text) {
  if (too_deep(text)) return json(json::value_t::discarded);
  return json::parse(text.begin(), text.end(), nullptr, false);
}

bool is_record(const json& value) {
  if (!value.is_object() || !has_string(value, "launch_id") || !has_count(value, "block") ||
      !has_string(value, "reason") || !is_status(value.value("status", json()))) {
    return false;
  }
  const auto point = value.find("case");
  if (point == value.end() || !point->is_object() || !has_string(*point, "placement")) return false;
  if (value.contains("rungs") && !has_count(value, "rungs")) return false;
  const bool canary = null_or(value, "canary", [](const json& it) {
    return it.is_object() && has_time(it, "before_ns") && has_time(it, "after_ns");
  });
  // Not null: who has the field is a repetition.
  return canary &&
         (!value.contains("supersedes") ||
          (has_string(value["supersedes"], "launch_id") && has_string(value["supersedes"], "why")));
}

}  // namespace ipcmark
