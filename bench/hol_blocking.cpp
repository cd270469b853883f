// Does one slow consumer hold up the others?
//
// One producer deals messages out to several consumers in turn, the last of which is busy with each
// for a while, or has stopped. They come by one queue whose head is for one consumer (addressed),
// by one queue of which anybody takes the head (any), or by a queue for each (own); credits bound
// how many messages are out for each consumer. A slow consumer takes what it has credits for while
// it is busy: without, it takes a message at a time, as a program without a buffer does. What the
// others get is compared with what they get when nobody is slow, which is the same arrangement's
// null case.
//
// What would make the number wrong: counting what is brought home after the end; a producer that
// waits for one queue while others have room; an address that travels on the measured path (it lies
// in shared memory beside it, and costs the null case as much).
#include "harness/experiment.hpp"

namespace ipcmark::experiment::hol_blocking {

bool complete(Case& point) {
  const bool known = point.sharing == Sharing::addressed || point.credits == 0;
  return point.pattern == Pattern::deal && point.consumers > 1 && point.producers == 1 && known;
}

const RegisterExperiment registered({
    .name = "hol_blocking",
    .question = "does one slow consumer hold up the others?",
    .defaults = {{"pattern", {"deal"}},
                 {"message_bytes", {"64"}},
                 {"consumers", {"3"}},
                 {"sharing", {"any", "addressed", "own"}},
                 {"credits", {"0", "4"}},
                 {"pause_ns", {"0", "100us", "1ms", "10ms", "inf"}},
                 {"path", {"queue"}}},
    .ladder = {"pause_ns", "credits"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::hol_blocking
