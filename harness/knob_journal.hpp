// The knobs that `ipcmark run --tune` changed, one "FILE VALUE" a line below "boot ID", and how
// they are put back: by the run's end, or after a kill -9 by the next command.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "transports/posix.hpp"

namespace ipcmark {

// $XDG_STATE_HOME/ipcmark/knobs, else ~/.local/state/ipcmark/knobs; empty without a home.
[[nodiscard]] std::filesystem::path knob_journal_path();

// A knob's value: of "always [madvise] never" what is chosen. None where it cannot be read.
[[nodiscard]] std::optional<std::string> knob_value(const std::filesystem::path& file);

struct Restored {
  std::vector<std::string> lines;  // for people: one for each knob, with the error where it failed
  bool complete = true;            // nothing is left to put back
};

// The journal, locked: its holder lives, and nobody else puts back what it changes.
class KnobJournal {
 public:
  // Makes the file if there is none. Throws std::system_error with the call and the file: it is
  // held by another process, for longer than `patience` (EWOULDBLOCK), another user's (EPERM), or
  // cannot be made.
  KnobJournal(std::filesystem::path journal, std::filesystem::path root,
              std::chrono::milliseconds patience);
  // Puts back what was changed; complains on stderr where that failed.
  ~KnobJournal();
  KnobJournal(const KnobJournal&) = delete;
  KnobJournal& operator=(const KnobJournal&) = delete;

  // Notes the value that a knob (its absolute name) has.
  void keep(const std::string& file, const std::string& value);
  // Notes it and writes another; why it could not be written, or empty.
  [[nodiscard]] std::string set(const std::string& file, const std::string& value,
                                const std::string& to);
  // Writes the old values back, last change first, and forgets them; those that failed stay in the
  // journal. Only knobs that tuning may have changed are written to, and none when the machine was
  // restarted since: they are as it set them.
  Restored put_back();

 private:
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::vector<std::string> changes(Restored& restored) const;
  void append(const std::string& line);

  std::filesystem::path journal_, root_;
  Fd fd_;
  bool done_ = false;
};

// The same for the journal of a process that is gone; says why where it must not (a run lives that
// holds it) or cannot. Throws nothing but std::bad_alloc.
[[nodiscard]] Restored restore_knobs(const std::filesystem::path& journal,
                                     const std::filesystem::path& root = "/");

}  // namespace ipcmark
