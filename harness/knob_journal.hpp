// The knobs that `run_all.sh --tune` changed, one "FILE VALUE" a line, and how they are put back.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ipcmark {

// $XDG_STATE_HOME/ipcmark/knobs, else ~/.local/state/ipcmark/knobs: run_all.sh names the same.
[[nodiscard]] std::filesystem::path knob_journal_path();

// Writes the old values back, last change first, and forgets them; one line for each, with the
// error where it failed, and those stay in the journal. Nothing but files of /proc and /sys (below
// `root`) is written to.
[[nodiscard]] std::vector<std::string> restore_knobs(const std::filesystem::path& journal,
                                                     const std::filesystem::path& root = "/");

}  // namespace ipcmark
