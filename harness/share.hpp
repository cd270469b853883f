#pragma once

#include <filesystem>
#include <vector>

namespace ipcmark {

// Where a shipped folder ("plans", "analysis") may lie, best first: beside an installed program,
// wherever its tree was moved to; in the source tree, so that an edited file is the one that is
// used; where it was to be installed.
[[nodiscard]] std::vector<std::filesystem::path> shared_folders(const char* name);

}  // namespace ipcmark
