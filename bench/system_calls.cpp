// What does a message cost in system calls and copies?
//
// Mechanisms are told apart by how often a message enters the kernel and how often it is copied;
// how long either takes belongs to the machine, how many there are to the mechanism. The calls are
// counted, not declared: both ends run a few hundred messages under a tracepoint or a debugger,
// between two marks of their own, and what each call returned says whether it did something (ok),
// found nothing to do (again) or failed. Copies, wait and touch stand in the same record.
//
// What would make the number wrong: counting the harness's own calls, which is why the marks stand
// around the loop alone; a time taken meanwhile, since who is watched is slow, so that these
// launches have none; taking `again` for the mechanism's own: how often an end looks in vain
// depends on how long it waits, and it waits for somebody who is watched. A blocking end never
// looks in vain.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::system_calls {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  return point.pattern == Pattern::ping || point.pattern == Pattern::pour;
}

const RegisterExperiment registered({
    .name = "system_calls",
    .question = "what does a message cost in system calls and copies?",
    .defaults = {{"pattern", {"ping", "pour"}},
                 // What the smallest carries, a page, and what moves in pieces.
                 {"message_bytes", {"4", "4Ki", "256Ki"}},
                 {"wait", {"block", "spin"}},
                 {"path", {"queue", "shm"}}},
    .ladder = {"message_bytes", "batch"},
    .reading = Reading::system_calls,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::system_calls
