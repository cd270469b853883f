// The commands that measure nothing. Each prints to stdout and returns an exit code.
#pragma once

#include "harness/options.hpp"

namespace ipcmark {

// What there is, and whether this machine has it.
int list_command(const Options& options);
// Facts, doubts, and the command that removes each doubt.
int doctor_command(const Options& options);
// Removes what killed runs left behind, and nothing else.
int clean_command(const Options& options);
// Becomes the analysis script of the same name: does not return but by throwing Refused where it is
// not installed.
int advise_command(const Options& options);

}  // namespace ipcmark
