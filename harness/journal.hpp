// What must survive a kill -9 of everything: the keys of System V objects, written down before the
// objects exist, because they bear no name that says whose they are.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// "msg 1f2e3d4c 4711 1700000000": kind (msg, shm), key in hexadecimal, pid of the launch, Unix
// time.
struct JournalEntry {
  std::string kind;
  std::int32_t key = 0;
  pid_t pid = 0;
  std::int64_t unix_s = 0;

  bool operator==(const JournalEntry&) const = default;
};

[[nodiscard]] std::optional<JournalEntry> parse_journal_line(std::string_view line);
[[nodiscard]] std::string journal_line(const JournalEntry& entry);

// $XDG_STATE_HOME/ipcmark/journal, else ~/.local/state/ipcmark/journal.
[[nodiscard]] std::filesystem::path journal_path();

// Tells transports opened by this process and its children where the journal is (IPCMARK_JOURNAL),
// unless somebody has; makes its folder. Without a home there is no journal.
void name_journal();

// The entries of a file; lines that are none (one that was cut off) are left out. None if there is
// no file.
[[nodiscard]] std::vector<JournalEntry> read_journal(const std::filesystem::path& path);

// Appends in one write, as launches do, so that nobody's line is cut in two.
void append_journal(const std::filesystem::path& path, const std::vector<JournalEntry>& entries);

}  // namespace ipcmark
