// What texts an axis takes: one value, a list, or a range.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "harness/axes.hpp"
#include "harness/nearest.hpp"
#include "harness/whole_number.hpp"

namespace ipcmark {
namespace {

void push_new(std::vector<std::string>& all, std::string value) {
  if (std::ranges::find(all, value) == all.end()) all.push_back(std::move(value));
}

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string Axis::canonical(std::string_view text) const {
  if (words != nullptr) {
    const auto known = words();
    if (std::ranges::find(known, text) != known.end()) return std::string(text);
    if (other != nullptr) return other(text);
    throw std::invalid_argument(
        fmt::format("unknown {} `{}`{}", name, text, did_you_mean(text, known)));
  }
  if (missing && text == "-1") return "-1";
  const std::uint64_t value = parse_quantity(text, unit, valid());
  if (infinite && value == kNever) return "inf";
  const bool known =
      value % step == 0 && (among.empty() || std::ranges::find(among, value) != among.end());
  if (value < lowest || value > highest || !known) refuse_range(text, valid());
  return std::to_string(value);
}

std::vector<std::string> Axis::values(std::string_view text) const {
  std::vector<std::string> all;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view item = without_spaces(text.substr(0, comma));
    if (more) text.remove_prefix(comma + 1);
    const std::size_t dots = item.find("..");
    if (words != nullptr || dots == std::string_view::npos) {
      push_new(all, canonical(item));
      continue;
    }
    std::string_view to = item.substr(dots + 2);
    double per_octave = 1;
    if (const std::size_t slash = to.find('/'); slash != std::string_view::npos) {
      per_octave = static_cast<double>(whole_number<std::uint32_t>(to.substr(slash + 1)));
      to = to.substr(0, slash);
    }
    for (std::string& value : range(item.substr(0, dots), to, per_octave)) push_new(all, value);
  }
  return all;
}

std::vector<std::string> Axis::range(std::string_view from, std::string_view to,
                                     double per_octave) const {
  const auto low = whole_number<std::uint64_t>(canonical(from));
  const auto high = whole_number<std::uint64_t>(canonical(to));
  if (low == 0 || low > high || !(per_octave > 0 && per_octave <= 64)) {
    throw std::invalid_argument(fmt::format(
        "`{}..{}{}` is not a range: it ascends from at least 1, with 1 to 64 steps an octave", from,
        to, per_octave == 1 ? "" : fmt::format("/{}", per_octave)));
  }
  std::vector<std::string> all;
  for (int i = 0;; ++i) {
    const double exact = static_cast<double>(low) * std::exp2(i / per_octave);
    const auto value = static_cast<std::uint64_t>(std::llround(exact));
    if (value >= high) break;
    push_new(all, std::to_string(value));
  }
  push_new(all, std::to_string(high));
  return all;
}

std::string Axis::valid() const {
  if (words != nullptr) {
    return fmt::format("{}{}", fmt::join(words(), ", "), other == nullptr ? "" : others);
  }
  const auto written = [this](std::uint64_t value) { return format_quantity(value, unit); };
  if (!among.empty()) {  // no view: clang 14 cannot compile this library's
    std::vector<std::string> all(among.size());
    std::ranges::transform(among, all.begin(), written);
    return fmt::format("{}", fmt::join(all, ", "));
  }
  const std::string units = unit_words(unit);
  return fmt::format("{} to {}{}{}{}", lowest, written(highest), infinite ? " or inf" : "",
                     unit == Unit::count ? "" : ", in " + units,
                     step == 1 ? "" : fmt::format(", multiples of {}", step));
}

}  // namespace ipcmark
