// Reading an ELF file as bytes: a truncated or hostile one must not be read past its end.
#pragma once

#include <cstring>
#include <optional>
#include <string_view>

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

}  // namespace ipcmark
