// Names that nobody can have taken before: a prefix may have been seen on an earlier object.
#pragma once

#include <sys/random.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "transports/posix.hpp"

namespace ipcmark {

// The prefix and 128 random bits: a name for one object, drawn anew for every other.
[[nodiscard]] inline std::string unpredictable(const std::string& prefix) {
  std::uint64_t words[2];
  check(::getrandom(words, sizeof words, 0), "getrandom");
  char text[2 * sizeof words + 1];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(words[0]),
                static_cast<unsigned long long>(words[1]));
  return prefix + "-" + text;
}

}  // namespace ipcmark
