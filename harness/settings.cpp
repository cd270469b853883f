#include "harness/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/nearest.hpp"
#include "harness/units.hpp"

namespace ipcmark {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kMostBlocks = 100'000;
// A stamp each: half of what a role's part of the stage holds beside the per-operation phase's.
constexpr std::uint64_t kMostWindows = 1 << 16;

double share_from(std::string_view text) {
  const std::string copy(text);
  std::size_t used = 0;
  double share = -1;
  try {
    share = std::stod(copy, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != copy.size() || !(share >= 0 && share <= 1)) {
    throw std::invalid_argument(fmt::format("`{}` is not a share from 0 to 1", text));
  }
  return share;
}

template <auto kMember>
void write_member(const Setting& setting, RunSettings& run, std::string_view text) {
  using Value = std::remove_cvref_t<decltype(run.*kMember)>;
  if constexpr (std::is_same_v<Value, double>) {
    run.*kMember = share_from(text);
  } else {
    const std::uint64_t value = parse_quantity(text, setting.unit, setting.valid());
    const bool none = setting.or_zero && value == 0;
    if (!none && (value < setting.lowest || value > setting.highest)) {
      refuse_range(text, setting.valid());
    }
    run.*kMember = static_cast<Value>(value);
  }
}

template <auto kMember>
nlohmann::json read_member(const RunSettings& run) {
  return run.*kMember;
}

struct SettingLimits {
  std::uint64_t lowest, highest;
  bool or_zero = false;
};

template <auto kMember>
Setting setting(std::string_view name, std::string_view help, Unit unit, SettingLimits limits) {
  using Value = std::remove_cvref_t<decltype(RunSettings{}.*kMember)>;
  return {.name = name,
          .help = help,
          .share = std::is_same_v<Value, double>,
          .unit = unit,
          .lowest = limits.lowest,
          .highest = limits.highest,
          .or_zero = limits.or_zero,
          .write = &write_member<kMember>,
          .read = &read_member<kMember>};
}

std::vector<Setting> setting_table() {
  using Run = RunSettings;
  const Unit time = Unit::time, count = Unit::count;
  const std::uint64_t day = 24 * 3600 * kSecondNs;
  return {
      setting<&Run::seed>("seed", "order of launches and rungs; 0: drawn and recorded", count,
                          {0, Case::kInfinite}),  // JSON readers count in signed 64 bits
      setting<&Run::blocks>("blocks", "randomised complete blocks", count, {1, kMostBlocks}),
      setting<&Run::max_blocks>("max_blocks", "blocks added until intervals are narrow", count,
                                {1, kMostBlocks}),
      setting<&Run::time_budget_ns>("time_budget_ns", "no block begins that would pass it; 0: none",
                                    time, {kSecondNs, 7 * day, true}),
      setting<&Run::warm_up_ns>("warm_up_ns", "warm-up of a case, at least", time, {0, day}),
      setting<&Run::warm_up_messages>("warm_up_messages", "warm-up of a case, at least", count,
                                      {0, 1'000'000'000}),
      setting<&Run::measure_ns>("measure_ns", "batch phase of a case: central cost", time,
                                {1'000, day}),
      setting<&Run::operations_ns>("operations_ns", "per-operation phase of a case: the tail", time,
                                   {1'000, day}),
      setting<&Run::windows>("windows", "windows of the batch phase", count, {1, kMostWindows}),
      setting<&Run::phase_deadline_ns>("phase_deadline_ns", "a phase that takes longer has failed",
                                       time, {1'000'000, day}),
      setting<&Run::allowed_failures>("allowed_failures", "share of launches that may fail", count,
                                      {}),
      setting<&Run::pairs>("pairs", "CPU pairs per placement, in turn by block", count,
                           {1, 100'000}),
      setting<&Run::roles_per_cpu>(
          "roles_per_cpu", "launches with more are skipped; 0: any, labelled oversubscribed", count,
          {0, 100'000}),
  };
}

std::string written_as(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string Setting::flag() const {
  std::string flag = fmt::format("--{}", name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string Setting::valid() const {
  if (share) return "0 to 1";
  const std::string range =
      fmt::format("{}{} to {}", or_zero ? "0, or " : "", format_quantity(lowest, unit),
                  highest == Case::kInfinite ? "2^63 - 1" : format_quantity(highest, unit));
  return unit == Unit::count ? range : fmt::format("{}, in {}", range, unit_words(unit));
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = setting_table();
  return all;
}

const Setting* find_setting(std::string_view name) {
  const auto found = std::ranges::find(settings(), name, &Setting::name);
  return found == settings().end() ? nullptr : &*found;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const Setting& setting : settings()) names.emplace_back(setting.name);
  return names;
}

void set(RunSettings& run, std::string_view name, std::string_view text) {
  const Setting* found = find_setting(name);
  if (found == nullptr) {
    throw std::invalid_argument(
        fmt::format("unknown setting `{}`{}", name, did_you_mean(name, setting_names())));
  }
  found->write(*found, run, text);
  // More blocks than `blocks` only where max_blocks is set after it; keys are read in this order.
  if (name == "blocks") run.max_blocks = run.blocks;
  run.max_blocks = std::max(run.max_blocks, run.blocks);
}

nlohmann::json to_json(const RunSettings& run) {
  auto map = nlohmann::json::object();
  for (const Setting& setting : settings()) map[std::string(setting.name)] = setting.read(run);
  return map;
}

RunSettings run_settings_from_json(const nlohmann::json& map) {
  RunSettings run;
  for (const auto& [name, value] : map.items()) {
    try {
      set(run, name, written_as(value));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{}: {}", name, error.what()));
    }
  }
  return run;
}

}  // namespace ipcmark
