#include "harness/text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ipcmark {
namespace {

constexpr std::string_view kBlank = " \t\n\r";

}  // namespace

// Not a stream: those report a failing read() of sysfs as an empty file.
std::optional<std::string> read_text(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::string text;
  std::array<char, 16384> chunk;
  ssize_t got = 0;
  do {
    got = ::read(fd, chunk.data(), chunk.size());
    if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
  } while (got > 0 || (got < 0 && errno == EINTR));
  ::close(fd);
  return got < 0 ? std::nullopt : std::optional(std::move(text));
}

std::optional<std::string> read_knob(const std::filesystem::path& path) {
  const auto text = read_text(path);
  return text ? std::optional(std::string(trimmed(*text))) : std::nullopt;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto first = line.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return words;
    line.remove_prefix(first);
    const auto end = line.find_first_of(kBlank);
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

}  // namespace ipcmark
