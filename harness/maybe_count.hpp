// A count that the kernel may not have given: arithmetic over it, and how records write it.
#pragma once

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>

namespace ipcmark {

using Count = std::optional<std::uint64_t>;

// A word of a kernel's table; nothing unless all of it is a number.
[[nodiscard]] inline Count count_in(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() ? Count(value) : std::nullopt;
}

// Counters never run backwards: one that seems to says nothing.
[[nodiscard]] inline Count difference(const Count& after, const Count& before) {
  if (!after || !before || *after < *before) return std::nullopt;
  return *after - *before;
}

// None where either is.
inline void add_to(Count& sum, const Count& more) {
  sum = sum && more ? Count(*sum + *more) : std::nullopt;
}

[[nodiscard]] inline nlohmann::json or_null(const Count& count) {
  return count ? nlohmann::json(*count) : nlohmann::json();
}

}  // namespace ipcmark
