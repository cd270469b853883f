// What does it cost that shared memory lies at different addresses?
//
// The server makes a list in shared memory, a node a cache line, and the client follows it: by
// addresses, where both happen to have it at the same one; and by offsets from its start, 64 or 32
// bits wide, or from each node itself, where both have it at addresses of their own, which are
// checked to differ. Windows of raw pointers stand between the others, so that the price of a hop
// is a difference of neighbours in time; raw beside raw is the control and must show nothing. Each
// node visited is read and added up.
//
// That raw pointers cannot be used is not taken on trust: children map the list elsewhere and
// follow it. With nothing at the old address they must die of SIGSEGV, which is a result and no
// failure; with another list there they must read that one, which nobody notices; offsets must lead
// right.
//
// What would make the number wrong: hops that do not depend on each other, which overlap; nodes in
// order, which are prefetched; lists of different sizes for the two, whose caches are compared.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::offset_pointers {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  return point.transport == "cache_line" && point.pattern == Pattern::ping &&
         point.wait == Wait::spin && !point.shared() && point.pointers != Pointers::none;
}

const RegisterExperiment registered({
    .name = "offset_pointers",
    .question = "what does it cost that shared memory lies at different addresses?",
    .defaults = {{"transport", {"cache_line"}},
                 {"pattern", {"ping"}},
                 {"message_bytes", {"8"}},  // what a node holds
                 {"touch", {"full"}},
                 {"wait", {"spin"}},
                 {"pointers", {"raw", "offset64", "offset32", "self_relative"}},
                 {"working_pages", {"1", "16"}}},
    .ladder = {"pointers", "working_pages"},
    .reading = Reading::hops,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::offset_pointers
