// The kernel's own limits, for the reason in an Unavailable and for defaults that it sets.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace ipcmark {

// The first number in a file below /proc; nothing where it cannot be read.
[[nodiscard]] inline std::optional<std::uint64_t> proc_number(const std::string& file) {
  std::ifstream in("/proc/" + file);
  std::uint64_t number = 0;
  if (in >> number) return number;
  return std::nullopt;
}

[[nodiscard]] inline std::string proc_text(const std::string& file) {
  const auto number = proc_number(file);
  return number ? std::to_string(*number) : "unknown";
}

}  // namespace ipcmark
