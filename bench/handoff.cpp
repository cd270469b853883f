// What does it cost to hand control to the receiver with the message?
//
// Where both ends have one CPU between them, a message that is sent must be followed by a switch
// before it is received: a round trip of blocking ends is two hand-offs, each the mechanism's own
// work, a wake-up and a switch. Across two CPUs the switch is the idle CPU's leaving its idle
// state. Two floors tell the parts: the bare futex, which is a wake-up and a switch and nothing
// else, and the cache line that yields, which is a switch without a wake-up (sched_yield). Messages
// are as small as they are, so that copying is no part of it; how often an end was switched out is
// counted by the kernel and stands beside.
//
// What would make the number wrong: ends that never sleep, since the reply is there before they
// look (the count of switches shows it); an idle state that nobody named (polling and default are
// cases apart); a third process on the same CPU.
#include "bench/echoed.hpp"
#include "harness/experiment.hpp"

namespace ipcmark::experiment::handoff {

const RegisterExperiment registered({
    .name = "handoff",
    .question = "what does it cost to hand control to the receiver with the message?",
    .defaults = {{"pattern", {"ping"}},
                 {"message_bytes", {"4"}},  // what all carry
                 {"wait", {"block"}},
                 {"placement", {"same_core", "same_llc"}},
                 {"idle", {"polling", "default"}},
                 // Nothing is inline or not in 4 B: one path of a hybrid stands for both.
                 {"path", {"raw", "queue"}}},
    .ladder = {"message_bytes"},
    .complete = &echoed,
});

}  // namespace ipcmark::experiment::handoff
