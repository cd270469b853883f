// A fresh copy of this program that is told one text, and heard until it ends or its time is over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ipcmark {

struct Heard {
  std::string text;  // all that it wrote to its control socket
  std::string why;   // how it ended ("killed by signal 9 (Killed)"); empty if well and in time
};

// Runs `ipcmark COMMAND --control-fd N` to its end. What the child does is told, never thrown:
// dying, hanging, closing its socket and staying, writing without end. It and all that it started
// is gone when this returns.
[[nodiscard]] Heard ask_child(const char* command, std::string_view text, std::int64_t deadline_ns);

}  // namespace ipcmark
