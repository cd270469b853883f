// How fast do messages flow one way?
//
// The client pours, the server drains, and nothing comes back: both ends work at the same time, and
// the channel is as full as it can be. The clock is the receiver's, from the last byte of a lead to
// the last byte of all, so a buffer that merely swallows messages does not count as speed.
//
// What would make the number wrong: stopping at the sender's last call, before anything arrived; a
// payload nobody reads, which lets shared memory move no byte; too few messages to go round the
// buffer, so that its capacity is measured instead of its flow; comparing batches of one with
// batches of many, which is why batch is part of the case.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::throughput {

// Handing over several at once saves the cost of a call, which no longer shows behind copying this
// much; larger batches would only cost memory.
constexpr std::uint64_t kLargestBatchBytes = 1 << 20;

bool complete(Case& point) {
  if (point.pattern != Pattern::pour) return false;
  if (point.shared() && point.batch > 1) return false;  // a mailbox takes one at a time
  return point.batch == 1 || point.batch * point.message_bytes <= kLargestBatchBytes;
}

const RegisterExperiment registered({
    .name = "throughput",
    .question = "how fast do messages flow one way?",
    .defaults = {{"pattern", {"pour"}},
                 {"message_bytes", {"8..1Mi"}},
                 {"batch", {"1", "32"}},
                 {"path", {"queue", "shm"}}},
    .ladder = {"message_bytes", "batch"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::throughput
