// Who is interrupted when memory is remapped, and what does it cost?
//
// A CPU that has a translation cached must be told when it is withdrawn. The client triggers, the
// server is struck: it does nothing but read the clock, so its longest gap is the stall; or it goes
// through a working set, which shows the refill that a spinning loop cannot; or it sleeps; or both
// exchange messages, and the trigger falls between them at a rate. Whether an interrupt came is not
// concluded from times: the kernel counts them, and the counts of the victim's CPU are divided by
// the triggers.
//
// A further server is a further victim. Two controls: membarrier interrupts and flushes nothing; an
// operation on one's own mapping must not reach another process at all. What it costs traffic is
// said beforehand, from the trigger's own cost: (1 - f) of the throughput remains, f the share of
// time that the triggers take. Messages that wait for each other pay all of it; of a stream only
// what holds up its slower end, once the messages between the two have run out.
//
// What would make the number wrong: a victim that was not running, which needs no interrupt (its
// delivered fraction falls below one); pages that were not there, which is why the victim touches
// each before each blow; a refault counted as the blow; other programs' shootdowns on these CPUs,
// which the case without a trigger shows.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::tlb_shootdown {

namespace {
constexpr std::uint32_t kDepth = 16;  // of a stream's queue, where none is named
}

bool complete(Case& point) {
  point.reply_bytes = point.message_bytes;
  const bool stream = point.pattern == Pattern::pour;
  if (point.victim == Victim::none || (point.pattern != Pattern::ping && !stream) ||
      point.wait != Wait::spin || point.producers > 1) {
    return false;
  }
  const bool traffic = point.victim == Victim::traffic;
  if (traffic && point.consumers > 1) return false;  // one channel has two ends
  // What of a blow a queue hides depends on which end waits for the other, and on how much it
  // holds.
  if (stream && (!traffic || point.bottleneck == Bottleneck::none || point.pace_ns == 0)) {
    return false;
  }
  if (stream && point.depth == 0) point.depth = kDepth;
  if (!stream) point.bottleneck = Bottleneck::none;
  // Without traffic there is no mechanism: the bare line stands for two sides that spin.
  if (!traffic && point.transport != "cache_line") return false;
  if (traffic && point.transport == "cache_line") return false;
  return point.victim != Victim::chase || point.working_pages != 0;
}

const RegisterExperiment registered({
    .name = "tlb_shootdown",
    .question = "who is interrupted when memory is remapped, and what does it cost?",
    .defaults = {{"transport", {"cache_line", "shm_ring"}},
                 {"pattern", {"ping"}},
                 {"message_bytes", {"56"}},
                 {"touch", {"header"}},
                 {"wait", {"spin"}},
                 {"roles", {"process", "thread"}},
                 {"trigger",
                  {"none", "membarrier", "own_mapping", "punch_hole", "punch_untouched"}},
                 {"victim", {"spin"}},
                 {"bottleneck", {"producer", "consumer"}},
                 {"pace_ns", {"500"}},
                 {"mappings", {"1"}},
                 {"flush_pages", {"1", "2", "4", "8", "16", "32", "33", "34", "64", "128"}},
                 {"working_pages", {"1024"}},
                 {"trigger_rate_per_s", {"1000"}}},
    .ladder = {"flush_pages"},
    .reading = Reading::shootdowns,
    .complete = &complete,
});

}  // namespace ipcmark::experiment::tlb_shootdown
