// What does a neighbour in the same cache line cost?
//
// Two processes share a page. Each works on a word of its own, and the distance between the two
// words is swept over the boundaries of lines: whatever an operation costs more with a neighbour
// than alone is false sharing, and the distance at which that ends is the line that coherence
// moves. Windows alone and with the neighbour take turns within a case, so the excess is a
// difference of neighbours in time. A pause that depends on each operation, and each operation on
// the pause, keeps its latency from hiding. Plain stores must show nothing, whatever the distance:
// they wait in the store buffer, and a harness that found an effect there would have made it.
//
// Then the layouts that inter-process communication makes by itself: a state that the consumer
// polls beside a stamp that the producer writes for itself; an index beside the payload that it
// tells of, which comes along with it or in a line of its own; and the two indices of a ring. Their
// sign is a result, not an assumption: packed can win, where the line is the writer's already.
//
// What would make the number wrong: a saturating writer, which keeps a line for whole bursts and
// makes a far neighbour look cheaper than a near one (hence the pauses); a peer that was not
// running, which makes every operation cheap (windows in which either side was stopped are left
// out of `rounds`, and counted); a host that moves the CPUs (the canary beside each case).
#include "harness/experiment.hpp"

namespace ipcmark::experiment::false_sharing {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  // One line of memory is what it is about: any other mechanism would only lend its name.
  // Its sides spin: who sleeps leaves the line alone.
  if (point.transport != "cache_line" || point.pattern != Pattern::ping ||
      point.wait != Wait::spin || point.shared()) {
    return false;
  }
  constexpr std::uint32_t kDefaultSlots = 64;
  if (point.structure == Structure::indices && point.depth == 0) point.depth = kDefaultSlots;
  point.publication = Publication::none;  // its orders are those that the structure needs
  if (point.structure != Structure::words) {
    const bool fields = point.structure == Structure::state ||
                        point.structure == Structure::payload ||
                        point.structure == Structure::indices;
    return fields && point.distance_bytes != 0;  // two fields, not one
  }
  return point.operation != Operation::none && point.neighbour != Neighbour::none;
}

const RegisterExperiment registered({
    .name = "false_sharing",
    .question = "what does a neighbour in the same cache line cost?",
    .defaults = {{"transport", {"cache_line"}},
                 {"pattern", {"ping"}},
                 {"message_bytes", {"8"}},  // a word
                 {"touch", {"header"}},
                 {"wait", {"spin"}},
                 {"structure", {"words", "state", "payload", "indices"}},
                 {"operation", {"store", "locked_increment", "fenced_store"}},
                 {"neighbour", {"writer"}},
                 {"distance_bytes",
                  {"0", "8", "16", "32", "48", "56", "64", "72", "96", "120", "128", "136", "192",
                   "256", "512"}},
                 {"pace_ns", {"50"}},
                 {"private_writes", {"16"}}},
    .ladder = {"distance_bytes"},
    .reading = Reading::contention,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::false_sharing
