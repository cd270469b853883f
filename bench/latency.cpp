// How long does a message take to come back?
//
// One message is out at a time and its answer is as large as itself, so nothing queues: the time of
// a round trip is the path alone, twice. Both stamps are taken by the client, so no two clocks are
// compared. Central cost comes from windows of many round trips, the tail from stamping each.
//
// What would make the number wrong: idle CPUs that sleep (every blocking mechanism then costs the
// wake from halt, so the idle state stands beside each number); ends that land on CPUs farther
// apart than asked; an echo that nobody read, which is why both ends touch the whole payload; a
// closed loop taken for response time under load, which is what `batching` measures.
#include "bench/echoed.hpp"
#include "harness/experiment.hpp"

namespace ipcmark::experiment::latency {

const RegisterExperiment registered({
    .name = "latency",
    .question = "how long does a message take to come back?",
    .defaults = {{"pattern", {"ping"}},
                 {"message_bytes", {"1..1Mi"}},
                 // Both parts of a hybrid; other transports have one path.
                 {"path", {"queue", "shm"}}},
    .ladder = {"message_bytes"},
    .complete = &echoed,
});

}  // namespace ipcmark::experiment::latency
