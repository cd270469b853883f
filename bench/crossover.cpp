// From which payload size is shared memory worth it?
//
// The same program moves the same payload two ways: through the queue, or through shared memory
// with a descriptor through that same queue. Frames, calls, wake-ups and the small reply are
// identical, so whatever differs is the path; neighbouring rungs of a launch differ in the path
// only and run A B B A, so drift and the luck of placement cancel. T is where the ratio changes
// sign.
//
// What would make the number wrong: comparing with a shared-memory path that signals otherwise (the
// intercepts no longer cancel); a payload that nobody touches, which makes shared memory free; two
// launches instead of one, whose addresses and CPUs differ; a reply that grows with the message,
// which would count the path twice.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::crossover {

bool complete(Case& point) {
  return point.pattern == Pattern::ask || point.pattern == Pattern::pour;
}

const RegisterExperiment registered({
    .name = "crossover",
    .question = "from which payload size is shared memory worth it?",
    .defaults = {{"pattern", {"ask"}},
                 {"message_bytes", {"1..4Mi/2"}},
                 {"reply_bytes", {"8"}},
                 {"path", {"queue", "shm"}}},
    .ladder = {"message_bytes", "path"},
    .mirrored = true,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::crossover
