// What do many senders to one, and one to many, get out of a channel?
//
// All ends of one side work at once on one channel, for a fixed time, each as fast as it can: what
// each one got by then says both how much a channel carries and how evenly. Who has no CPU of its
// own shares one, which is said beside the numbers: beyond the machine's CPUs it is the scheduler's
// fairness that is measured as well, as in any program with more processes than CPUs.
//
// What would make the number wrong: equal shares given out beforehand, which make everything fair;
// a clock that stops when the last has finished instead of for all at once; messages that are
// brought home after the end.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::fan {

// A fan is open at one side; the pair is where both begin.
bool complete(Case& point) {
  return point.pattern == Pattern::deal && (point.producers == 1 || point.consumers == 1);
}

const RegisterExperiment registered({
    .name = "fan",
    .question = "what do many senders to one, and one to many, get out of a channel?",
    .defaults = {{"pattern", {"deal"}},
                 {"message_bytes", {"64"}},
                 {"producers", {"1..8"}},
                 {"consumers", {"1..8"}},
                 {"path", {"queue"}}},
    .ladder = {"message_bytes"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::fan
