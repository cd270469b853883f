// Whole texts through descriptors that may be interrupted or take only a part.
#pragma once

#include <string>
#include <string_view>

#include "transports/posix.hpp"

namespace ipcmark {

// Until the other side closes; an error ends it like a close.
[[nodiscard]] inline std::string read_all(int fd) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
  }
}

// Throws std::system_error.
inline void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) check(n, "write");
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace ipcmark
