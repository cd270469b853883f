// How soon does an urgent message get past a backlog, and what does the rest pay for it?
//
// Round by round a sender fills the channel with B ordinary messages and an urgent one behind them,
// while nobody reads; then the receiver takes all of them. By its clock, the urgent message waits
// for as many receives as are before it: all B in a FIFO, none where it overtakes. Which position
// it came in is counted, not inferred, so that a mechanism whose order is not a priority (System
// V's types, asked for in each way that there is) shows it. What the rest pays is the time to fill
// and to drain, a message, against FIFO.
//
// What would make the number wrong: a receiver that drains while the backlog grows, which measures
// whoever was faster; a backlog that does not fit, whose sender would wait for ever (refused after
// a second); payloads nobody looks at, since each message says itself which it is.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::priority {

bool complete(Case& point) {
  return point.pattern == Pattern::overtake && point.backlog > 0 &&
         point.precedence != Precedence::none && !point.shared();
}

const RegisterExperiment registered({
    .name = "priority",
    .question = "how soon does an urgent message get past a backlog, and who pays?",
    .defaults = {{"pattern", {"overtake"}},
                 {"message_bytes", {"64"}},
                 {"backlog", {"1", "8", "64"}},
                 {"precedence",
                  {"fifo", "priority", "type_first", "type_own", "type_lowest", "type_highest"}},
                 {"transport", {"posix_mq", "sysv_mq", "two_channels", "unix_seqpacket"}}},
    .ladder = {"precedence"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::priority
