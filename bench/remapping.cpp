// Does remapping turn two copies into one, and from which size is it worth it?
//
// The same payload goes one way through mechanisms that copy it into the kernel and out again, that
// copy it once from process to process, and that hand over the pages it was written to; a small
// answer comes back. A mechanism that saves a copy saves it for every byte, and pays for it with
// calls, page tables and interrupts for every message: large messages must gain and small ones
// lose. A second mechanism of two copies (fifo beside pipe) is the control: nothing is saved there.
//
// In place, the payload is written where it will be read from: with a copy first, vmsplice copies
// as often as a pipe.
//
// What would make the number wrong: a payload that nobody writes, which is never in the cache of
// the one that copies it; a sleeping end, whose wake hides the copy (so ends do not sleep); pages
// that are faulted in during a timed message and counted as a copy (they are the price of this way,
// and stand in the role's faults).
#include "harness/experiment.hpp"

namespace ipcmark::experiment::remapping {

bool complete(Case& point) { return point.pattern == Pattern::ask; }

const RegisterExperiment registered({
    .name = "remapping",
    .question = "does remapping turn two copies into one, and from which size is it worth it?",
    .defaults = {{"transport",
                  {"fifo", "memfd_fresh", "pipe", "process_vm_readv", "process_vm_writev",
                   "unix_stream", "vmsplice"}},
                 {"pattern", {"ask"}},
                 {"message_bytes", {"4Ki..1Mi"}},
                 {"reply_bytes", {"8"}},
                 {"touch", {"full"}},
                 {"access", {"copy"}}},
    .ladder = {"message_bytes"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::remapping
