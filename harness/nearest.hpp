// What the user may have meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// Damerau-Levenshtein distance: insertions, deletions, replacements and swaps of neighbours.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of the valid words, the first of equals; none when every one is farther than a third
// of the word, unless it begins with it (`unix` → `unix_stream`).
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& valid);

// "; did you mean `pipe`?", or "; valid: fifo, pipe" when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& valid);

}  // namespace ipcmark
