// What a run may cost, once: keys of [run], flags and the manifest come from this table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan.hpp"
#include "harness/units.hpp"

namespace ipcmark {

struct Setting {
  std::string_view name;  // a member of RunSettings and a key of [run]
  std::string_view help;
  bool share = false;  // a fraction from 0 to 1 instead of a quantity
  Unit unit = Unit::count;
  std::uint64_t lowest = 0;
  std::uint64_t highest = 0;
  bool or_zero = false;  // 0 means that there is none, whatever `lowest` says
  // Takes "200ms", "6", "0.05". Throws std::invalid_argument.
  void (*write)(const Setting&, RunSettings&, std::string_view text) = nullptr;
  nlohmann::json (*read)(const RunSettings&) = nullptr;

  [[nodiscard]] std::string flag() const;  // warm_up_ns → --warm-up-ns
  [[nodiscard]] std::string valid() const;
};

[[nodiscard]] const std::vector<Setting>& settings();
[[nodiscard]] const Setting* find_setting(std::string_view name);
[[nodiscard]] std::vector<std::string> setting_names();

// Sets one; `blocks` sets max_blocks too, which may then be raised. Throws std::invalid_argument.
void set(RunSettings& run, std::string_view name, std::string_view text);

[[nodiscard]] nlohmann::json to_json(const RunSettings& run);
// Keys that are missing keep their defaults. Throws std::invalid_argument naming the key.
[[nodiscard]] RunSettings run_settings_from_json(const nlohmann::json& map);

}  // namespace ipcmark
