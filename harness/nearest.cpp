#include "harness/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ipcmark {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows are enough: a swap looks two back.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& valid) {
  const std::string* best = nullptr;
  std::size_t best_distance = (word.size() + 2) / 3 + 1;
  for (const std::string& candidate : valid) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < std::max(word.size(), candidate.size())) {
      best = &candidate, best_distance = distance;
    }
  }
  if (best != nullptr) return *best;
  for (const std::string& candidate : valid) {
    if (!word.empty() && candidate.starts_with(word)) return candidate;
  }
  return std::nullopt;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& valid) {
  if (const auto near = nearest(word, valid)) return fmt::format("; did you mean `{}`?", *near);
  return fmt::format("; valid: {}", fmt::join(valid, ", "));
}

}  // namespace ipcmark
