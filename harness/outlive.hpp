// Launches whose servers are lost on purpose: how long until their clients know.
#pragma once

#include <cstdint>

#include "harness/own_channel.hpp"

namespace ipcmark {

// Servers that a rung loses.
inline constexpr std::int64_t kOutlived = 8;

// One channel after another, each with new roles: verified, then its server answers a few requests
// and is killed or stopped by itself while it holds one. The record's meter is there already.
// Throws as a launch does.
void outlive(const OwnChannel& own);

}  // namespace ipcmark
