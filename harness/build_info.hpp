#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ipcmark {

// How this program was built. "unknown" where the build system did not say.
struct BuildInfo {
  std::string compiler = {};    // IPCMARK_COMPILER, e.g. "GNU 12.2.0"
  std::string flags = {};       // IPCMARK_FLAGS, e.g. "-O2 -DNDEBUG"
  std::string build_type = {};  // IPCMARK_BUILD_TYPE, e.g. "Release"
  std::string commit = {};      // IPCMARK_COMMIT; ends in "-dirty" if the tree had changes
  std::string program_id = {};  // ELF build-id of the running program, hex

  [[nodiscard]] bool dirty() const { return commit.ends_with("-dirty"); }
};

// What CMake passed and what the loaded program says of itself.
[[nodiscard]] BuildInfo build_info();

// ELF build-id of the running program, hex; none if it was linked without --build-id.
[[nodiscard]] std::optional<std::string> own_build_id();

// ELF build-id of a file (a plug-in, which is never loaded here), hex; none if the file cannot be
// read, is not a 64-bit ELF file of this byte order or has no build-id.
[[nodiscard]] std::optional<std::string> file_build_id(const std::filesystem::path& path);

}  // namespace ipcmark
