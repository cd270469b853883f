// Is a threshold worth having when messages are of many sizes, and how exactly must it be known?
//
// Sizes are drawn from a distribution (control and bulk, log-normal, a heavy tail, or a user's own)
// before anything is timed, the same ones for every case of a block. Each case then sends them
// twice through one channel: as fast as it takes them (ns and processor time a message), and by an
// open loop's schedule (response time from the intended send). A hybrid is tried at many T, at both
// its ends (all through the queue, all through shared memory) and at the T that crossover has
// measured: the cost against T is the figure, its lowest point the best T that a search would find.
//
// What would make the number wrong: other sizes for another T, which a heavy tail turns into
// another mean; a receiver that knows the next size beforehand, which no program does (the
// mechanism's boundaries or the hybrid's frames tell it); a rate that a part cannot carry
// (overloaded, and left out); the best of many T taken at its own noise's word, which is why
// analysis finds it in other blocks than it judges it in.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::mixture {

bool complete(Case& point) {
  const bool open = point.schedule != Schedule::closed && point.rate_per_s > 0;
  return point.pattern == Pattern::pace && open && point.mixed();
}

const RegisterExperiment registered({
    .name = "mixture",
    .question = "is a threshold worth having when messages are of many sizes?",
    .defaults = {{"pattern", {"pace"}},
                 {"schedule", {"poisson"}},
                 {"rate_per_s", {"5k"}},
                 {"sizes", {"bimodal", "log_normal", "pareto"}},
                 {"message_bytes", {"64Ki"}},
                 {"threshold_bytes", {"256..64Ki"}},
                 {"path", {"raw", "queue", "shm", "fixed", "auto"}}},
    .ladder = {"path", "threshold_bytes"},
    .learns_from = "crossover",
    .complete = &complete,
});

}  // namespace ipcmark::experiment::mixture
