// How late does a timeout fire, and what does having one cost?
//
// `expire` waits on an empty channel and keeps how long after the deadline the call returned: timer
// slack, the wake from sleep and the mechanism's own conversion of the deadline, all in one. `ask`
// waits for a reply that does come, with a timeout and without: the difference is the price of
// arming it. With spin_then_block, the spin budget says how long an end burns its CPU before it
// sleeps; latency and CPU time per message stand side by side.
//
// What would make the number wrong: a deadline on another clock than the mechanism's (each converts
// from CLOCK_MONOTONIC); a return before the deadline, which is a defect and counted as one; timer
// slack of the shell that started us (recorded); an idle state that differs between the two sides
// of a comparison.
#include "harness/experiment.hpp"

namespace ipcmark {
namespace {

// A shorter one could expire while the reply is still on its way, and then nothing is measured.
constexpr std::uint64_t kShortestAsk = 100'000'000;

bool complete(Case& point) {
  if (point.pattern == Pattern::expire) return point.timeout_ns != kNever;
  return point.pattern == Pattern::ask && point.timeout_ns >= kShortestAsk;
}

const RegisterExperiment registered({
    .name = "timeout",
    .question = "how late does a timeout fire, and what does having one cost?",
    .defaults = {{"pattern", {"expire", "ask"}},
                 {"message_bytes", {"64"}},
                 {"reply_bytes", {"64"}},
                 {"timeout_ns", {"0", "10us", "100us", "1ms", "10ms", "1s", "inf"}},
                 // Nothing is inline or not in 64 B: one path of a hybrid stands for both.
                 {"path", {"queue"}}},
    .ladder = {"timeout_ns", "spin_budget_ns"},
    .complete = &complete,
});

}  // namespace
}  // namespace ipcmark
