// Reading an ELF file as bytes: a truncated or hostile one must not be read past its end.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

// The linker's name for the header of the object that refers to it.
extern "C" const ElfW(Ehdr) __ehdr_start  // NOLINT(bugprone-reserved-identifier)
    __attribute__((visibility("hidden")));

namespace ipcmark {

// A T at `offset`, if it lies inside.
template <class T>
[[nodiscard]] std::optional<T> at(std::string_view bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// As much of `size` bytes from `offset` as there is.
[[nodiscard]] inline std::string_view slice(std::string_view bytes, std::size_t offset,
                                            std::size_t size) {
  return offset > bytes.size() ? std::string_view() : bytes.substr(offset, size);
}

// What this program itself was built for: from memory, since an emulator answers for /proc/self/exe
// as it sees fit.
[[nodiscard]] inline unsigned own_machine() { return __ehdr_start.e_machine; }

[[nodiscard]] inline std::string architecture_name(unsigned machine) {
  if (machine == EM_X86_64) return "x86-64";
  if (machine == EM_AARCH64) return "aarch64";
  return "ELF machine " + std::to_string(machine);
}

}  // namespace ipcmark
