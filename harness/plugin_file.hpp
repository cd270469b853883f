// A plug-in's file, read and not loaded: whether it may be loaded at all.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "transports/plugin.hpp"

namespace ipcmark {

// Why a file is no plug-in of this program; one line, without the file's name.
class PluginRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PluginFile {
  PluginDescriptor descriptor;
  std::string architecture;  // x86-64, aarch64 or the ELF machine's number
  std::string build_id;      // hex; empty if it was linked without
  std::string content;       // hash of the whole file, hex: that a launch loads what was probed
};

// Reads and checks the file: a regular one, an ELF shared object for this architecture, with a
// descriptor of this program's contract. Throws PluginRefused.
[[nodiscard]] PluginFile read_plugin(const std::filesystem::path& path);

// The same of its bytes, for tests.
[[nodiscard]] PluginDescriptor descriptor_in(std::string_view elf);

// A descriptor's text up to its first zero byte.
template <std::size_t N>
[[nodiscard]] std::string text_in(const std::array<char, N>& text) {
  return std::string(text.begin(), std::find(text.begin(), text.end(), '\0'));
}

}  // namespace ipcmark
