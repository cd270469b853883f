// What experiments of a message that comes back have in common.
#pragma once

#include "harness/case.hpp"

namespace ipcmark {

// A round trip whose answer is as large as the message; false for a case of another pattern.
[[nodiscard]] inline bool echoed(Case& point) {
  if (point.pattern != Pattern::ping) return false;
  point.reply_bytes = point.message_bytes;
  return true;
}

}  // namespace ipcmark
