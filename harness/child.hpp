// A fresh copy of this program that is told one text, and heard until it ends or its time is over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "transports/transport.hpp"

namespace ipcmark {

struct Heard {
  std::string text;  // all that it wrote to its control socket
  std::string why;   // how it ended ("killed by signal 9 (Killed)"); empty if well and in time
  bool hung = false;
};

// What a child shares with its parent besides the socket, and when the parent's patience with it
// ends: asked anew each time that it seems to have, so that a child may move it.
struct ChildWatch {
  int inherited_fd = -1;
  std::function<Deadline()> deadline{};
};

// Runs `ipcmark COMMAND --control-fd N` to its end. What the child does is told, never thrown:
// dying, hanging, closing its socket and staying, writing without end. It and all that it started
// is gone when this returns.
[[nodiscard]] Heard ask_child(const char* command, std::string_view text, std::int64_t deadline_ns,
                              const ChildWatch& watch = {});

}  // namespace ipcmark
