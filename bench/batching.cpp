// What do batches buy, and what does waiting for one cost?
//
// Messages come into being at intended times that do not depend on how fast the channel is (an open
// loop, Poisson unless asked otherwise); a batch leaves when it is full or when its first message
// has waited for the flush timeout. Response time counts from the intended time, so a stalled
// sender cannot hide the messages that should have left meanwhile. Beside it, `pour` hands over
// batches as fast as they go, where none waits for another: what a message costs in a batch.
//
// What would make the number wrong: a closed loop, which slows its own arrivals down; one-way times
// whose clock offset is not bounded (the bound is recorded); a rate the channel cannot carry, where
// response time only measures how long the run was (recorded as overloaded, left out of
// comparisons); a free-running flush timer, whose mean wait is half of this one's for lone
// messages.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::batching {

bool complete(Case& point) {
  if (point.pattern == Pattern::pour) return !point.shared();
  const bool open = point.schedule != Schedule::closed && point.rate_per_s > 0;
  return point.pattern == Pattern::pace && open;
}

const RegisterExperiment registered({
    .name = "batching",
    .question = "what do batches buy, and what does waiting for one cost?",
    .defaults = {{"pattern", {"pace"}},
                 {"schedule", {"poisson"}},
                 {"rate_per_s", {"10k", "100k"}},
                 {"batch", {"1", "4", "16", "64"}},
                 {"flush_ns", {"10us", "100us", "1ms", "inf"}},
                 {"path", {"queue", "shm"}}},
    .ladder = {"flush_ns", "batch", "rate_per_s"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::batching
