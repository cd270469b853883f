#include "harness/axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/axis_table.hpp"
#include "harness/nearest.hpp"

namespace ipcmark {

std::string Axis::flag() const {
  std::string flag = fmt::format("--{}", name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

const std::vector<Axis>& axes() {
  static const std::vector<Axis> all = axis_table();
  return all;
}

const std::vector<std::pair<AxisGroup, std::string_view>>& axis_groups() {
  using enum AxisGroup;
  static const std::vector<std::pair<AxisGroup, std::string_view>> all{
      {what, "what"},
      {traffic, "traffic"},
      {load, "open loop and known delays"},
      {patience, "waiting"},
      {memory, "memory, and the paths of a hybrid"},
      {place, "place"},
      {effects, "effects of the machine"}};
  return all;
}

const Axis* find_axis(std::string_view name) {
  const auto found = std::ranges::find(axes(), name, &Axis::name);
  return found == axes().end() ? nullptr : &*found;
}

std::vector<std::string> axis_names() {
  std::vector<std::string> names;
  for (const Axis& axis : axes()) names.emplace_back(axis.name);
  return names;
}

void set(Case& point, std::string_view axis, std::string_view text) {
  const Axis* found = find_axis(axis);
  if (found == nullptr) {
    throw std::invalid_argument(
        fmt::format("unknown axis `{}`{}", axis, did_you_mean(axis, axis_names())));
  }
  found->write(point, found->canonical(text));
}

std::string text_of(const Case& point) {
  std::string text;
  for (const Axis& axis : axes()) text += fmt::format("{}={} ", axis.name, axis.read(point));
  return text;
}

}  // namespace ipcmark
