// Records compressed once nobody writes them any more: they repeat themselves, and a night's are
// hundreds of megabytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ipcmark {

// Smaller files stay plain, to be read without unpacking.
inline constexpr std::uintmax_t kPackFromBytes = 1 << 20;

// Replaces FILE by FILE.gz (gzip; the same bytes of the same content). Returns the empty string, or
// why it could not: then FILE is as it was and there is no FILE.gz.
[[nodiscard]] std::string pack(const std::filesystem::path& file);

}  // namespace ipcmark
