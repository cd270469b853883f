// A server that is idle once, for a known time, in the midst of a step: how many messages that
// delays, and by how much, is known by arithmetic, so a loop that hides it is found out.
#pragma once

#include <cstdint>

#include "harness/rendezvous.hpp"
#include "transports/end.hpp"

namespace ipcmark {

// Runs the first half of the step's messages, sleeps for the job's stall, and leaves the rest in
// `step`. Returns how long it slept, ticks: a sleep ends late rather than early.
[[nodiscard]] std::uint64_t stall_amid(End& end, Step& step, Tally& tally);

}  // namespace ipcmark
