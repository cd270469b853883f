// What do memory orders cost, and what breaks without them?
//
// The same hand-off with four pairs of orders on both its ends: as a round trip (data, a flag, the
// answer) and as the two indices of a ring. Windows with relaxed orders stand between the others,
// so that the price is a difference of neighbours in time. Relaxed beside relaxed is the control,
// and where a machine makes the same instructions of release and acquire, so are they: both must
// show nothing.
//
// What the orders are for is seen in litmus tests, millions of rounds over an array of cells: who
// sees the flag (message passing), does he see the data; of two that write and then look (store
// buffering), does one see the other. How often the weak outcome came is counted. On x86-64 message
// passing cannot fail whatever the orders, since neither stores nor loads pass each other there; on
// arm64 it can. Where the language forbids the outcome, one is enough to fail the launch.
//
// What would make the number wrong: a flag that is polled a hundred times a message, which makes
// any order cheap (the answer follows at once, the ring is kept from running full); a test whose
// sides do not meet (all four outcomes are counted, so that it shows whether they did).
#include "harness/experiment.hpp"

namespace ipcmark::experiment::memory_order {

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  if (point.transport != "cache_line" || point.pattern != Pattern::ping ||
      point.wait != Wait::spin || point.shared() || point.publication == Publication::none) {
    return false;
  }
  constexpr std::uint32_t kDefaultSlots = 64;
  using enum Structure;
  if (point.structure == indices && point.depth == 0) point.depth = kDefaultSlots;
  if (point.structure != indices) point.depth = 0;
  point.distance_bytes = point.offset_bytes = point.pace_ns = point.private_writes = 0;
  return point.structure == state || point.structure == indices ||
         point.structure == message_passing || point.structure == store_buffering;
}

const RegisterExperiment registered({
    .name = "memory_order",
    .question = "what do memory orders cost, and what breaks without them?",
    .defaults = {{"transport", {"cache_line"}},
                 {"pattern", {"ping"}},
                 {"message_bytes", {"56"}},
                 {"touch", {"full"}},
                 {"wait", {"spin"}},
                 {"structure", {"state", "indices", "message_passing", "store_buffering"}},
                 {"publication", {"relaxed", "release_acquire", "seq_cst", "fences"}},
                 {"rounds", {"1000000"}}},
    .ladder = {"structure", "publication"},
    .reading = Reading::publication,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::memory_order
