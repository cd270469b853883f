// How many bits does the counter of a lock-free stack need, and what does it cost?
//
// Who pops looks at the top and at what lies below it, and exchanges the one for the other if the
// top is still the same. If it is the same again (A, B, A), the exchange succeeds and gives out a
// node that somebody has. A counter beside the top tells the two apart, until it has gone round.
//
// `stalled_pop` stops a pop in the middle while the other side changes the top exactly as often as
// the counter has values, or once less, or once more, and counts whether the exchange succeeds all
// the same. The updates are timed: rate times pause is what a counter has to count. `stack` lets
// both sides take two nodes and give them back the other way round, in storms of some hundreds, and
// looks after each whether every node is there once: without a counter the bug finds itself. Beside
// it, what the counter costs a single side: beside the node's number in one word, or in a word of
// its own, exchanged at once with the other; no counter beside no counter is the control.
//
// What would make the number wrong: a stack so deep that no node is ever back in time; counting in
// a broken stack on, which counts one defect many times (each storm begins with a new one); a pause
// that is assumed instead of made of the very updates.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::aba {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  if (point.transport != "cache_line" || point.pattern != Pattern::ping ||
      point.wait != Wait::spin || point.shared()) {
    return false;
  }
  point.distance_bytes = point.offset_bytes = point.pace_ns = 0;
  if (point.structure == Structure::stack) return true;
  return point.structure == Structure::stalled_pop && point.advance != Advance::none;
}

const RegisterExperiment registered({
    .name = "aba",
    .question = "how many bits does the counter of a lock-free stack need, and what does it cost?",
    .defaults = {{"transport", {"cache_line"}},
                 {"pattern", {"ping"}},
                 {"message_bytes", {"8"}},  // a word
                 {"touch", {"header"}},
                 {"wait", {"spin"}},
                 {"structure", {"stack", "stalled_pop"}},
                 {"counter_bits", {"0", "8", "16"}},
                 {"advance", {"one_less", "exact", "one_more"}}},
    .ladder = {"counter_bits", "advance"},
    .reading = Reading::reuse,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::aba
