// Does the instrument find what was put in?
//
// The null transport moves nothing, so its round trip is the harness itself: the floor under every
// other number. A chain of dependent multiplications of known length then adds a delay to each
// message; the difference to the case without it must be the delay that was achieved, which is
// timed on the same CPU before and after.
//
// What would make the number wrong: a delay made by polling a clock, which would find itself; a CPU
// whose frequency changes between the two timings of the chain, which shows as a difference between
// them.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::instrument {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  return point.transport ==
         "null";  // a delay could not be told from any other mechanism's own time
}

const RegisterExperiment registered({
    .name = "instrument",
    .question = "does the instrument find a known delay, and what is its own floor?",
    .defaults = {{"transport", {"null"}},
                 {"pattern", {"ping"}},
                 {"message_bytes", {"8"}},
                 {"touch", {"header"}},
                 {"wait", {"spin"}},
                 {"delay_ns", {"0", "50", "500", "5000"}}},
    .ladder = {"delay_ns"},
    .mirrored = true,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::instrument
