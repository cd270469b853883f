#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// The whole text of a file of /proc or /sys; none when it cannot be read, whatever the reason:
// absent, forbidden and refused at read() (sysfs attributes do that) all mean "the machine does not
// say".
[[nodiscard]] std::optional<std::string> read_text(const std::filesystem::path& path);

// The same without blanks at both ends, as knobs are compared.
[[nodiscard]] std::optional<std::string> read_knob(const std::filesystem::path& path);

// `text` without blanks at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

// The lines of a text, without their ends; a last empty one is dropped.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

// The words of a line between blanks.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view line);

}  // namespace ipcmark
