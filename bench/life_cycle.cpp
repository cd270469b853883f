// How long is it from nothing to a channel, and back?
//
// A channel that is opened for a few messages costs its opening. Each launch makes one channel
// after another, with two fresh processes each, and times what is the mechanism's: opening it,
// taking and preparing both ends, the first round trip, closing the ends, removing the rest. Each
// phase is timed by whoever does it, so no two clocks are compared; forking, pinning and talking
// about it are in none of them.
//
// What would make the number wrong: a process that has lived long, whose pages, tables and caches
// are warm (these are as cold as a fork leaves them, and the floor, null, shows what that is); a
// first message that nobody waits for yet, which is why both ends start it together; objects that
// are removed later by somebody else, which is why the coordinator's part is timed too.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::life_cycle {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  return point.pattern == Pattern::ping && !point.shared();
}

const RegisterExperiment registered({
    .name = "life_cycle",
    .question = "how long is it from nothing to a channel, and back?",
    .defaults = {{"pattern", {"ping"}},
                 {"message_bytes", {"4"}},  // what the smallest carries
                 // Both are opened; a first message of this size takes the queue.
                 {"path", {"queue"}}},
    .ladder = {"message_bytes"},
    .reading = Reading::life_cycle,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::life_cycle
