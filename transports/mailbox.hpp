// What mechanisms with several ends at one side of a channel have in common.
#pragma once

#include <limits.h>

#include <string>
#include <string_view>
#include <utility>

#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// An end's own descriptor. Of several ends each has a duplicate; one alone gets the original, so
// that a channel that is no longer held does not keep a closed peer's side open.
[[nodiscard]] inline Fd part_of(Fd& fd, const Shape& shape) {
  return shape.shared() ? fd.duplicate() : std::move(fd);
}

// Writes of several ends to a pipe mix, and reads take parts of messages, above what is atomic.
inline void require_atomic(std::string_view transport, const Shape& widest) {
  if (!widest.shared() || widest.message_bytes <= PIPE_BUF) return;
  throw Unavailable(std::string(transport) + ": messages of several ends mix (message_bytes " +
                    std::to_string(widest.message_bytes) + "; PIPE_BUF " +
                    std::to_string(PIPE_BUF) + ")");
}

}  // namespace ipcmark
