// What is gained by not waiting for each answer, and what does a full buffer do?
//
// A client keeps W requests out and sends the next when an answer comes: one is synchronous, many
// are asynchronous. Throughput, each message's turnaround and the CPU time of both ends are taken
// from the same rung, so the gain and its price stand side by side. A window that the channel
// cannot hold would fill both directions and wait for ever: the capacity is found by filling the
// channel beforehand, and such a window is skipped. `deal` with a slow consumer shows the other
// side of the buffer: what a sender meets when it is full.
//
// What would make the number wrong: windows that are counted while they fill or empty (they are
// not); an answer of another size than its request, which halves one direction's capacity;
// turnaround taken for service time (W messages wait in it).
#include "harness/experiment.hpp"

namespace ipcmark::experiment::window {

bool complete(Case& point) {
  if (point.pattern == Pattern::deal) return !point.shared();
  point.reply_bytes = point.message_bytes;
  return point.pattern == Pattern::window;
}

const RegisterExperiment registered({
    .name = "window",
    .question = "what is gained by not waiting for each answer, and what does a full buffer do?",
    .defaults = {{"pattern", {"window"}},
                 {"message_bytes", {"64"}},
                 {"window", {"1..1024"}},
                 {"path", {"queue", "shm"}}},
    .ladder = {"window", "full"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::window
