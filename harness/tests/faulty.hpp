#pragma once

#include <cstdint>

namespace ipcmark {

// What the `faulty` transport's server does in the midst of its messages; passed as the case's
// depth.
enum class Fault : std::uint32_t {
  none,
  killed,
  segfault,
  early_exit,
  stopped,
  throws,
  wrong_byte,
  repeated
};

}  // namespace ipcmark
