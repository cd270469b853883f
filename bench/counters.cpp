// What do the kernel and the hardware count for a message?
//
// A time says how long; counters say of what it was made: switches, faults and interrupts of the
// kernel, misses and walks of the hardware. Each end opens its own events, user code's and the
// kernel's apart, around the pattern loop alone, after a warm-up of the same loop; the kernel's
// accounts (rusage, schedstat, /proc/interrupts of the end's CPU) are read around those. Counting
// costs, so these launches have no times, and no time is taken from them.
//
// What would make the number wrong: events that share the PMU by turns, which are dropped and not
// scaled; a count whose user or kernel half is forbidden, which is missing and not zero; few
// messages, since an end waits for the other once at the beginning of each pass: the switch and
// the microseconds that this takes are in the counts, and a plan's `measure_ns` decides among how
// many messages they are shared.
#include "harness/experiment.hpp"

namespace ipcmark {
namespace {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  return point.pattern == Pattern::ping || point.pattern == Pattern::pour;
}

const RegisterExperiment registered({
    .name = "counters",
    .question = "what do the kernel and the hardware count for a message?",
    .defaults = {{"pattern", {"ping"}},
                 {"message_bytes", {"64"}},
                 {"wait", {"block"}},
                 {"path", {"queue", "shm"}},
                 // One CPU's counts are the mechanism's; across CPUs they are the machine's too.
                 {"placement", {"same_core", "same_llc"}},
                 {"counters", {"scheduling", "coherence", "tlb", "frontend"}}},
    .ladder = {"message_bytes", "batch", "counters"},
    .reading = Reading::counters,
    .complete = &complete,
});

}  // namespace
}  // namespace ipcmark
