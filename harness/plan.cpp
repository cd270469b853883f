// Plans from TOML. The parser knows where every value stands, so every complaint names its line.
#include "harness/plan.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "harness/axes.hpp"
#include "harness/checks.hpp"
#include "harness/nearest.hpp"
#include "harness/settings.hpp"

namespace ipcmark {
namespace {

using Texts = std::vector<std::string>;

// Knows the file's name and builds the one line that a complaint is.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] Plan read(const toml::table& root) const {
    Plan plan;
    for (const auto& [key, node] : root) {
      if (key.str() == "run") {
        read_run(node, plan);
      } else if (find_experiment(key.str()) != nullptr) {
        read_experiment(key.str(), node, plan.entries);
      } else {
        Texts known = experiment_names();
        known.emplace_back("run");
        fail(key.source(), "unknown experiment `{}`{}", key.str(), did_you_mean(key.str(), known));
      }
    }
    return plan;
  }

 private:
  template <class... Args>
  [[noreturn]] void fail(const toml::source_region& at, fmt::format_string<Args...> format,
                         Args&&... args) const {
    throw UsageError(fmt::format("{}:{}: {}", name_, at.begin.line,
                                 fmt::format(format, std::forward<Args>(args)...)));
  }

  void read_run(const toml::node& node, Plan& plan) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) fail(node.source(), "run is a table: write [run]");
    for (const auto& [key, value] : *table) {
      if (key.str() == "allow") {
        read_allow(value, plan.allowed);
        continue;
      }
      if (find_setting(key.str()) == nullptr) {
        fail(key.source(), "unknown key `{}` in [run]{}", key.str(),
             did_you_mean(key.str(), setting_names()));
      }
      try {
        set(plan.run, key.str(), scalar(value));
      } catch (const std::invalid_argument& error) {
        fail(value.source(), "{}: {}", key.str(), error.what());
      }
    }
  }

  // A plan for tests may be run by builds whose numbers would mean nothing.
  void read_allow(const toml::node& node, Texts& allowed) const {
    const toml::array* array = node.as_array();
    if (array == nullptr) fail(node.source(), "allow is a list: allow = [\"debug_build\"]");
    const auto names = refusal_names();
    for (const toml::node& item : *array) {
      const std::string check = item.value_or(std::string());
      if (std::ranges::find(names, check) == names.end()) {
        fail(item.source(), "unknown check `{}`{}", check,
             did_you_mean(check, Texts(names.begin(), names.end())));
      }
      allowed.push_back(check);
    }
  }

  void read_experiment(std::string_view name, const toml::node& node,
                       std::vector<PlanEntry>& entries) const {
    if (const toml::table* table = node.as_table()) {
      entries.push_back(entry(name, *table, fmt::format("[{}]", name)));
      return;
    }
    const toml::array* array = node.as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      fail(node.source(), "{} is a table: write [{}] or [[{}]]", name, name, name);
    }
    for (const toml::node& item : *array) {
      entries.push_back(entry(name, *item.as_table(), fmt::format("[[{}]]", name)));
    }
  }

  [[nodiscard]] PlanEntry entry(std::string_view experiment, const toml::table& table,
                                const std::string& heading) const {
    PlanEntry entry{std::string(experiment), {}};
    for (const auto& [key, value] : table) {
      const Axis* axis = find_axis(key.str());
      if (axis == nullptr) {
        fail(key.source(), "unknown key `{}` in {}{}", key.str(), heading,
             did_you_mean(key.str(), axis_names()));
      }
      try {
        entry.axes[std::string(axis->name)] = values(*axis, value);
      } catch (const std::invalid_argument& error) {
        fail(value.source(), "{}{}", axis->words != nullptr ? "" : fmt::format("{}: ", axis->name),
             error.what());
      }
    }
    require_cases(entry, table, heading);
    return entry;
  }

  void require_cases(const PlanEntry& entry, const toml::table& table,
                     const std::string& heading) const {
    bool some = false;
    try {
      some = !expand(*find_experiment(entry.experiment), entry.axes).empty();
    } catch (const std::invalid_argument& error) {
      fail(table.source(), "{}: {}", heading, error.what());
    }
    if (some) return;
    fail(table.source(), "{} has no case: {} refuses every point of these axes", heading,
         entry.experiment);
  }

  // Adds to a list without duplicates; the line of a bad item in a long list is its own.
  [[nodiscard]] Texts values(const Axis& axis, const toml::node& node) const {
    if (const toml::table* table = node.as_table()) return range(axis, *table);
    const toml::array* array = node.as_array();
    if (array == nullptr) return axis.values(scalar(node));
    if (array->empty())
      fail(node.source(), "{} is an empty list; valid: {}", axis.name, axis.valid());
    Texts all;
    for (const toml::node& item : *array) {
      if (item.is_array()) fail(item.source(), "{}: a list in a list; write one list", axis.name);
      try {
        for (std::string& value : values(axis, item)) {
          if (std::ranges::find(all, value) == all.end()) all.push_back(std::move(value));
        }
      } catch (const std::invalid_argument& error) {
        fail(item.source(), "{}{}", axis.words != nullptr ? "" : fmt::format("{}: ", axis.name),
             error.what());
      }
    }
    return all;
  }

  // { from = 1, to = "4Mi", per_octave = 2 }
  [[nodiscard]] Texts range(const Axis& axis, const toml::table& table) const {
    if (axis.words != nullptr) {
      throw std::invalid_argument(
          fmt::format("{} has no ranges; valid: {}", axis.name, axis.valid()));
    }
    for (const auto& [key, value] : table) {
      const Texts known{"from", "to", "per_octave"};
      if (std::ranges::find(known, key.str()) == known.end()) {
        fail(key.source(), "unknown key `{}` in {}{}", key.str(), axis.name,
             did_you_mean(key.str(), known));
      }
    }
    if (!table.contains("from") || !table.contains("to")) {
      throw std::invalid_argument("a range needs from and to");
    }
    const double steps = table["per_octave"].value_or(1.0);
    return axis.range(scalar(*table.get("from")), scalar(*table.get("to")), steps);
  }

  [[nodiscard]] static std::string scalar(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
    throw std::invalid_argument("write a word, a number with its unit in quotes, or a list");
  }

  std::string name_;
};

}  // namespace

Plan parse_plan(const std::string& text, const std::string& name) {
  try {
    const toml::table root = toml::parse(text, name);
    return Reader(name).read(root);
  } catch (const toml::parse_error& error) {
    throw UsageError(
        fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
}

Plan load_plan(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  const bool some = file.peek() != std::ifstream::traits_type::eof();  // << fails on an empty file
  if (!file.is_open() || file.bad() || (some && !(text << file.rdbuf()))) {
    throw UsageError(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  }
  Plan plan = parse_plan(text.str(), path);
  const std::size_t slash = path.rfind('/');
  plan.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (plan.name.ends_with(".toml")) plan.name.resize(plan.name.size() - 5);
  return plan;
}

}  // namespace ipcmark
