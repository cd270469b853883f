// From nothing to a channel and back, one channel after another.
#pragma once

#include "harness/own_channel.hpp"

namespace ipcmark {

// Opens, uses and removes kLives channels of a rung, with roles of their own each, and keeps how
// long each phase took (results/README.md says what each holds). The first channel is only
// verified: nothing is timed that has not been seen to work. The record's meter is there already.
// Throws as a launch does.
void live(const OwnChannel& own);

}  // namespace ipcmark
