#pragma once

#include <stdexcept>

#include "harness/options.hpp"

namespace ipcmark {

// The environment does not allow it: exit code 3, one line.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `ipcmark run`; returns the exit code of the design's section 7. Throws UsageError and Refused.
int run_command(const Options& options);

}  // namespace ipcmark
