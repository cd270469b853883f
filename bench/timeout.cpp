// How late does a timeout fire, what does having one cost, and what is it good for?
//
// `expire` waits on an empty channel and keeps how long after the deadline the call returned: timer
// slack, the wake from sleep and the mechanism's own conversion of the deadline, all in one. `ask`
// waits for a reply that does come, with a timeout and without: the difference is the price of
// arming it. With spin_then_block, the spin budget says how long an end burns its CPU before it
// sleeps, against a server that thinks for a while; latency and CPU time per message stand side by
// side. `pace` with a poll interval is a receiver that waits for nothing and looks so often.
//
// `retry` counts how often a client with this timeout would have asked a second time a server that
// was only slow; `detect` loses the server, stopped or killed while it holds a request, and times
// from there to when the client knows, by an error or by its timeout. The two are one trade.
//
// What would make the number wrong: a deadline on another clock than the mechanism's (each converts
// from CLOCK_MONOTONIC); a return before the deadline, which is a defect and counted as one; timer
// slack of the shell that started us (recorded, and an axis); an idle state that differs between
// the two sides of a comparison; a third process that keeps the dead server's descriptors open.
#include "harness/experiment.hpp"

namespace ipcmark::experiment::timeout {

// A shorter one could expire while the reply is still on its way, and then nothing is measured.
constexpr std::uint64_t kShortestAsk = 100'000'000;

bool complete(Case& point) {
  const bool finite = point.timeout_ns != kNever;
  switch (point.pattern) {
    case Pattern::expire:
      return finite;
    case Pattern::ask:
      return point.timeout_ns >= kShortestAsk;
    case Pattern::pace:  // compared with receivers that wait, which have no interval
      return point.rate_per_s > 0 && point.schedule != Schedule::closed && point.batch == 1;
    case Pattern::retry:
      return point.think_ns > 0;
    case Pattern::detect:  // without a timeout, a client that nobody tells waits for ever
      return finite && point.peer != PeerFate::lives;
    default:
      return false;
  }
}

const RegisterExperiment registered({
    .name = "timeout",
    .question = "how late does a timeout fire, what does it cost, and what is it good for?",
    .defaults = {{"pattern", {"expire", "ask"}},
                 {"message_bytes", {"64"}},
                 {"reply_bytes", {"64"}},
                 {"timeout_ns", {"0", "10us", "100us", "1ms", "10ms", "1s", "inf"}},
                 {"schedule", {"poisson"}},
                 // Nothing is inline or not in 64 B: one path of a hybrid stands for both.
                 {"path", {"queue"}}},
    .ladder = {"timeout_ns", "think_ns", "spin_budget_ns", "timer_slack_ns", "poll_interval_ns",
               "rate_per_s"},
    .complete = &complete,
});

}  // namespace ipcmark::experiment::timeout
