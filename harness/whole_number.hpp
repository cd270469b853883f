// Digits and nothing else, or an error.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace ipcmark {

// Throws std::invalid_argument.
template <class Number>
[[nodiscard]] Number whole_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument(fmt::format("`{}` is not a whole number in range", text));
  }
  return value;
}

}  // namespace ipcmark
