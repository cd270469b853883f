#include "harness/role_steps.hpp"

#include <signal.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <utility>

#include "harness/pacing.hpp"
#include "harness/stall.hpp"
#include "harness/system_calls.hpp"
#include "harness/usage.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

namespace {

// The server's counterpart of a client's part; false where it has nothing to do.
bool serve(Step& step) {
  switch (step.part) {
    case Part::ask:
    case Part::window:
      step.part = Part::answer;
      return true;
    case Part::pour:
      step.part = Part::drain;
      return true;
    case Part::pace:
      step.part = Part::absorb;
      return true;
    case Part::overtake:
      step.part = Part::give_way;
      return true;
    case Part::deal:
      step.part = Part::take;
      return true;
    case Part::drain:  // said to it alone, as is fill
    case Part::fill:
      return true;
    default:
      return false;
  }
}

std::size_t scheduled(const Step& step) {
  if (step.part == Part::answer && step.job.thinks) return Stage::kThoughts;
  return step.part == Part::pace ? step.job.messages : 0;
}

StepReport account_of(const Tally& tally) {
  return {.stamped = tally.stamped,
          .messages = tally.messages,
          .flushes = tally.flushes,
          .positions = tally.positions,
          .looks = tally.looks,
          .seen = tally.seen,
          .seen_squares = tally.seen_squares,
          .away = tally.away,
          .wrong = tally.wrong,
          .first_wrong = tally.first_wrong,
          .wrong_lengths = tally.wrong_lengths,
          .lost = tally.lost,
          .duplicated = tally.duplicated,
          .reordered = tally.reordered,
          .refused = tally.refused,
          .expired = tally.expired,
          .late = tally.late,
          .noticed_errno = tally.noticed_errno,
          .taken = tally.taken,
          .drops = std::nullopt};
}

}  // namespace

void RoleSteps::run(const Order& order, Report& report) {
  std::uint64_t used = 0;
  rung_ = order.rung;
  for (std::uint32_t i = 0; i < order.step_count; ++i) {
    Step step = order.steps[i];
    if (order.lead_ticks != 0) {
      step.job.origin_ticks = context_.stage->meet_before(meetings_, order.lead_ticks);
    } else if (order.together && (i > 0 || order.at_once)) {
      context_.stage->meet(meetings_);
    }
    if (serves() && step.part == Part::detect) fall(step);
    if (serves() && !serve(step)) continue;
    prepare(step, i);
    Tally tally{.stamps = stamps().subspan(used), .aways = context_.stage->aways()};
    report.steps[i] = perform(step, tally);
    if (tally.stamped > tally.stamps.size()) throw std::runtime_error("more stamps than room");
    used += tally.stamped;
  }
  report.counted = counted_;
}

void RoleSteps::prepare(Step& step, std::uint32_t i) {
  step.job.index = context_.spec.index;
  step.job.intended = context_.stage->schedule().first(scheduled(step));
  if (step.job.mixed) step.job.sizes = context_.stage->sizes().first(step.job.messages);
  if (step.job.backlog != 0) take_turns(step.job);
  if (step.part == Part::drain) await_senders(step.job);
  step.job.flow = &context_.stage->flow(i);
  const bool last_consumer = context_.spec.index + 1 == step.job.consumers;
  if (step.part == Part::take && !last_consumer) step.job.pause_ns = 0;
}

StepReport RoleSteps::perform(Step& step, Tally& tally) {
  const auto dropped = end_.drops();
  const std::uint64_t before = cpu_time_ns(UsageScope::thread);
  context_.state->phase_of(context_.spec.role, context_.spec.index)
      .store(step.phase, std::memory_order_relaxed);
  if (step.watched()) watch(step);
  std::uint64_t began = 0, ended = 0, stalled = 0;
  std::optional<CountedWork> events = counting(step);
  {
    const CountedSection counted(step.counted);
    if (events) events->begin();
    began = ticks::now();
    if (serves() && step.job.stall_ns != 0) stalled = stall_amid(end_, step, tally);
    injector_.run(end_, step.phase, step, tally);
    ended = ticks::now();
    if (events) events->end(), counted_ = events->counted();
  }
  if (step.part == Part::pour) {
    context_.stage->senders_done().fetch_add(1, std::memory_order_release);
  }
  StepReport report = account_of(tally);
  report.stalled_ticks = stalled;
  report.cpu_ns = cpu_time_ns(UsageScope::thread) - before;
  report.began_ticks = began;
  report.ended_ticks = ended;
  if (dropped) report.drops = *end_.drops() - *dropped;
  return report;
}

std::optional<CountedWork> RoleSteps::counting(const Step& step) const {
  if (step.counter_pass < 0) return std::nullopt;
  static const CounterPass kAccountsAlone;
  const auto& passes = context_.counters[rung_].passes;
  const auto pass = static_cast<std::size_t>(step.counter_pass);
  return std::optional<CountedWork>(
      std::in_place, pass < passes.size() ? passes[pass] : kAccountsAlone, context_.spec.cpu);
}

void RoleSteps::fall(const Step& step) {
  stamps()[0] = 0;
  Tally tally{.stamps = stamps().subspan(1)};
  Job job = step.job;
  end_.run(Part::answer, job, tally);
  job.first_sequence += job.messages;
  job.messages = job.messages_each = 1;
  await_senders(job);
  end_.run(Part::drain, job, tally);
  stamps()[0] = ticks::now();
  ::kill(::getpid(), step.fate == PeerFate::killed ? SIGKILL : SIGSTOP);
  for (;;) ::pause();
}

void RoleSteps::watch(Step& step) {
  gaps_ = look_gaps(step.look_ticks, step.job.origin_ticks);
  step.job.received = &context_.stage->received();
  step.job.look_gaps = gaps_;
  step.job.away_ticks = step.look_ticks;
}

void RoleSteps::await_senders(Job& job) {
  job.senders_done = &context_.stage->senders_done();
  job.senders_awaited = drained_ += job.producers;
}

void RoleSteps::take_turns(Job& job) {
  job.turns = &context_.stage->turns();
  job.first_round = rounds_;
  rounds_ += job.messages / (job.backlog + 1);
}

}  // namespace ipcmark
