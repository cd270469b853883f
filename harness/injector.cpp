#include "harness/injector.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "transports/keystream.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {
namespace {

// The inverse of key()'s multiplier modulo 2^64, by Newton: each step doubles the right bits.
constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}
// The sequence whose message is written with this key.
constexpr std::uint64_t sequence_of(std::uint64_t key) {
  const std::uint64_t multiplier = keystream::key(0);
  return key * inverse(multiplier) - 1;
}
static_assert(sequence_of(keystream::key(4711)) == 4711);

// A step of a job in pieces, through one end.
class Pieces {
 public:
  Pieces(End& end, const Step& step, Tally& tally) : end_(end), step_(step), tally_(tally) {}

  // The step itself from message `from` on; nothing where `count` is 0.
  void part(std::uint64_t from, std::uint64_t count) {
    run(step_.part, step_.job.first_sequence + from, count);
  }
  void rest(std::uint64_t from) { part(from, step_.job.messages - from); }

  // One message outside the step's own rhythm, as this end would have sent or awaited it.
  void send(std::uint64_t i, std::uint64_t flip = 0) {
    run(Part::pour, sequence_of(sent_key(i) ^ flip), 1);
  }
  void await(std::uint64_t i) { run(Part::drain, sequence_of(awaited_key(i)), 1); }

  [[nodiscard]] bool answers() const { return step_.part == Part::answer; }

 private:
  [[nodiscard]] std::uint64_t key(std::uint64_t i, bool reply) const {
    return keystream::key(step_.job.first_sequence + i) ^ (reply ? keystream::kReply : 0);
  }
  [[nodiscard]] std::uint64_t sent_key(std::uint64_t i) const { return key(i, answers()); }
  [[nodiscard]] std::uint64_t awaited_key(std::uint64_t i) const {
    return key(i, step_.part == Part::ask);
  }
  void run(Part part, std::uint64_t first_sequence, std::uint64_t count) {
    if (count == 0) return;
    Job job = step_.job;
    job.first_sequence = first_sequence;
    job.messages = job.messages_each = count;
    job.lead = 0;
    if (count == 1) job.batch = 1;
    end_.run(part, job, tally_);
  }

  End& end_;
  const Step& step_;
  Tally& tally_;
};

struct Span {
  std::uint64_t began, ended;
};

// What the step would have told of itself had it been one: the fault is to be found by what it does
// to messages, not by the pieces it was made of.
void account(const Step& step, const Tally& seen, Span ticks, Tally& tally) {
  tally.messages = step.job.messages;
  tally.wrong = seen.wrong, tally.wrong_lengths = seen.wrong_lengths;
  tally.first_wrong = seen.first_wrong;
  if (step.part != Part::ask && step.part != Part::drain) return;
  const std::uint64_t windows = (step.job.messages - step.job.lead) / step.job.messages_each;
  for (std::uint64_t i = 0; i <= windows; ++i) {
    tally.stamps[tally.stamped++] = ticks.began + (ticks.ended - ticks.began) * i / windows;
  }
}

void sleep_ns(std::int64_t ns) {
  timespec left = to_timespec(ns);
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

}  // namespace

Injector::Injector(const std::optional<Injection>& asked, Target self, std::int64_t slow_ns,
                   LaunchState& state)
    : slow_ns_(slow_ns), state_(&state) {
  if (asked && asked->target == self) asked_ = asked;
}

void Injector::reach(Phase phase) {
  if (due(phase) && !of_messages(asked_->fault)) strike();
}

void Injector::run(End& end, Phase phase, const Step& step, Tally& tally) {
  const bool known = step.part == Part::ask || step.part == Part::answer ||
                     step.part == Part::pour || step.part == Part::drain;
  const bool splits = known && step.job.messages >= 4 && !step.job.shared();
  if (!due(phase) || (phase == Phase::close && !of_messages(asked_->fault))) {
    return end.run(step.part, step.job, tally);
  }
  if (of_messages(asked_->fault)) {
    if (!splits) return end.run(step.part, step.job, tally);  // the next step has enough messages
    return spoil(end, step, tally);
  }
  Pieces pieces(end, step, tally);
  const std::uint64_t half = splits ? step.job.messages / 2 : 0;
  if (half != 0) pieces.part(0, half);
  strike();
  half != 0 ? pieces.rest(half) : end.run(step.part, step.job, tally);
}

void Injector::note() {
  struck_ = true;
  state_->fault_ns.store(monotonic_now(), std::memory_order_relaxed);
}

void Injector::strike() {
  note();
  switch (asked_->fault) {
    case FaultKind::killed:
      ::kill(::getpid(), SIGKILL);
      return;
    case FaultKind::stopped:
      ::kill(::getpid(), SIGSTOP);
      return;
    case FaultKind::segfault:
      ::signal(SIGSEGV, SIG_DFL);  // also where a sanitizer has a handler
      ::raise(SIGSEGV);
      return;
    case FaultKind::exits:
      std::exit(0);
    case FaultKind::throws:
      throw std::runtime_error("injected exception");
    default:
      sleep_ns(slow_ns_);
  }
}

// In a closed loop the end that lost its message waits all the same, as one whose mechanism lost it
// would.
void Injector::spoil(End& end, const Step& step, Tally& tally) {
  const std::uint64_t at = step.job.messages / 2;
  std::vector<std::uint64_t> scratch(16);
  Tally seen{.stamps = scratch};
  const std::uint64_t began = ticks::now();
  Pieces pieces(end, step, seen);
  pieces.part(0, at);
  note();
  std::uint64_t done = at + 1;
  const auto take_turn = [&](std::uint64_t i, auto&& send) {
    if (pieces.answers()) pieces.await(i);
    send();
    if (step.part == Part::ask) pieces.await(i);
  };
  switch (asked_->fault) {
    case FaultKind::wrong_byte:
      take_turn(at, [&] { pieces.send(at, 0x20); });
      break;
    case FaultKind::duplicated:
      pieces.part(at, 1), pieces.send(at);
      break;
    case FaultKind::lost:
      take_turn(at, [] {});
      break;
    default:
      take_turn(at, [&] { pieces.send(at + 1); });
      take_turn(at + 1, [&] { pieces.send(at); });
      done = at + 2;
  }
  pieces.rest(done);
  account(step, seen, {began, ticks::now()}, tally);
}

}  // namespace ipcmark
