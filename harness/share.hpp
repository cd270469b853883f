#pragma once

#include <filesystem>
#include <vector>

namespace ipcmark {

// Where a shipped folder ("plans", "analysis") may lie, best first: beside an installed program,
// wherever its tree was moved to; in the source tree, so that an edited file is the one that is
// used; where it was to be installed.
[[nodiscard]] std::vector<std::filesystem::path> shared_folders(const char* name);

// A script of the analysis, in the folder that IPCMARK_ANALYSIS names, else in the best that has
// it; where it is in none, the last place looked at.
[[nodiscard]] std::filesystem::path analysis_script(const char* name);

}  // namespace ipcmark
