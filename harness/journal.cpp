#include "harness/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>

#include "transports/posix.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;

// What an environment variable says; empty when it says nothing.
std::string told(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

// The next word of a line, cut off its front.
std::string_view next_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

template <class Number>
bool read_number(std::string_view word, Number& value, int base) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  return error == std::errc{} && end == word.data() + word.size() && !word.empty();
}

}  // namespace

std::optional<JournalEntry> parse_journal_line(std::string_view line) {
  JournalEntry entry;
  std::uint32_t key = 0;
  entry.kind = next_word(line);
  const bool right = read_number(next_word(line), key, 16) &&
                     read_number(next_word(line), entry.pid, 10) &&
                     read_number(next_word(line), entry.unix_s, 10);
  if (entry.kind.empty() || !right || !line.empty()) return std::nullopt;
  entry.key = static_cast<std::int32_t>(key);
  return entry;
}

std::string journal_line(const JournalEntry& entry) {
  return fmt::format("{} {:08x} {} {}\n", entry.kind, static_cast<std::uint32_t>(entry.key),
                     entry.pid, entry.unix_s);
}

fs::path journal_path() {
  if (const auto state = told("XDG_STATE_HOME"); !state.empty()) {
    return fs::path(state) / "ipcmark" / "journal";
  }
  const auto home = told("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".local" / "state" / "ipcmark" / "journal";
}

void name_journal() {
  const fs::path path = journal_path();
  if (path.empty() || !told("IPCMARK_JOURNAL").empty()) return;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    fmt::print(stderr,
               "no journal of System V keys: {}: {}; set XDG_STATE_HOME to a folder of yours\n",
               path.parent_path().string(), error.message());
    return;
  }
  ::setenv("IPCMARK_JOURNAL", path.c_str(), 0);
}

std::vector<JournalEntry> read_journal(const fs::path& path) {
  std::vector<JournalEntry> entries;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (auto entry = parse_journal_line(line)) entries.push_back(std::move(*entry));
  }
  return entries;
}

void append_journal(const fs::path& path, const std::vector<JournalEntry>& entries) {
  if (entries.empty()) return;
  std::string lines;
  for (const JournalEntry& entry : entries) lines += journal_line(entry);
  const Fd file(
      check(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600),
            "open journal"));
  if (check(::write(file.get(), lines.data(), lines.size()), "write journal") !=
      static_cast<ssize_t>(lines.size())) {
    throw std::system_error(ENOSPC, std::generic_category(), "write journal");
  }
}

}  // namespace ipcmark
