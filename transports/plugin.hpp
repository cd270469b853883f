// What a transport built outside this tree says of itself before any of its code runs. Its file is
// an ordinary transport's with one line more, at namespace scope:
//
//   extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
//       ipcmark::describe_plugin("my_mechanism");
//
// The program reads these bytes out of the file, without loading it: what was compiled against
// other headers, or laid out differently, never gets as far as a C++ type that crosses the border.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "transports/contract.hpp"
#include "transports/registry.hpp"

namespace ipcmark {

// Plain bytes, so that it means the same to every compiler and needs no relocation.
struct PluginDescriptor {
  std::array<char, 8> magic;  // kPluginMagic
  std::uint32_t version;      // of this struct: kPluginVersion
  std::uint32_t bytes;        // sizeof
  std::uint64_t contract;     // hash of the contract's headers (contract.hpp)
  std::uint64_t layout;       // hash of the sizes of what crosses: flags can change those too
  std::uint32_t optimised;    // 1 unless compiled with -O0
  std::uint32_t sanitized;    // 1 with the address or thread sanitizer
  std::array<char, 64> compiler;
  std::array<char, 64> name;  // of the plug-in
};
static_assert(std::is_trivially_copyable_v<PluginDescriptor> &&
              std::is_standard_layout_v<PluginDescriptor> && sizeof(PluginDescriptor) == 168);

inline constexpr std::array<char, 8> kPluginMagic{'i', 'p', 'c', 'm', 'a', 'r', 'k', '\n'};
inline constexpr std::uint32_t kPluginVersion = 1;
// The symbol that a plug-in's file must have.
inline constexpr const char* kPluginSymbol = "ipcmark_plugin";

// FNV-1a over the sizes and the alignments of what crosses the border.
[[nodiscard]] constexpr std::uint64_t contract_layout() {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::size_t size : {sizeof(Traits),      sizeof(Shape),
                                 sizeof(Transport),   sizeof(Job),
                                 sizeof(Tally),       sizeof(Batch),
                                 sizeof(Deadline),    sizeof(End),
                                 sizeof(Channel),     sizeof(PayloadBuffers),
                                 sizeof(Wait),        sizeof(Part),
                                 sizeof(std::string), sizeof(std::vector<std::string>),
                                 sizeof(long double), alignof(Traits),
                                 alignof(Shape),      alignof(Job),
                                 alignof(Tally),      alignof(Transport)}) {
    hash = (hash ^ size) * 0x100000001b3;
  }
  return hash;
}

namespace plugin_detail {

template <std::size_t N>
constexpr void append(std::array<char, N>& text, std::size_t& at, std::string_view more) {
  for (const char c : more) {
    if (at + 1 < N) text[at++] = c;
  }
}

// The compiler's own predefined macros are the only ones who know; clang names itself in its
// version, g++ does not.
[[nodiscard]] constexpr std::array<char, 64> compiler() {
  constexpr std::string_view kVersion = __VERSION__;
  std::array<char, 64> text{};
  std::size_t at = 0;
  if (kVersion.find("lang") == std::string_view::npos) append(text, at, "GNU ");
  append(text, at, kVersion);
  return text;
}

#ifdef __OPTIMIZE__
inline constexpr std::uint32_t kOptimised = 1;
#else
inline constexpr std::uint32_t kOptimised = 0;
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint32_t kSanitized = 1;
#else
inline constexpr std::uint32_t kSanitized = 0;
#endif

}  // namespace plugin_detail

[[nodiscard]] constexpr PluginDescriptor describe_plugin(std::string_view name) {
  PluginDescriptor descriptor{.magic = kPluginMagic,
                              .version = kPluginVersion,
                              .bytes = sizeof(PluginDescriptor),
                              .contract = kContract,
                              .layout = contract_layout(),
                              .optimised = plugin_detail::kOptimised,
                              .sanitized = plugin_detail::kSanitized,
                              .compiler = plugin_detail::compiler(),
                              .name = {}};
  std::size_t at = 0;
  plugin_detail::append(descriptor.name, at, name);
  return descriptor;
}

}  // namespace ipcmark

// Declared here, so that a const definition is exported whatever a plug-in's default visibility.
extern "C" [[gnu::visibility("default")]] const ipcmark::PluginDescriptor ipcmark_plugin;
