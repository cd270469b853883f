#include "harness/peer.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "harness/binding.hpp"
#include "harness/calibration.hpp"
#include "harness/driver_cost.hpp"
#include "harness/effect.hpp"
#include "harness/pacing.hpp"
#include "harness/stall.hpp"
#include "harness/system_calls.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

namespace {

void set_policy(Policy policy) {
  if (policy == Policy::other) return;
  const sched_param parameters{.sched_priority = 1};
  available(::sched_setscheduler(0, SCHED_FIFO, &parameters), "sched_setscheduler");
}

// 0: what the thread began with. What it has then.
std::uint64_t set_timer_slack(std::uint64_t ns) {
  check(::prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0), "prctl PR_SET_TIMERSLACK");
  return static_cast<std::uint64_t>(::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
}

class RoleLoop {
 public:
  RoleLoop(const RoleContext& context, std::unique_ptr<Channel>& channel)
      : context_(context),
        injector_(context.injector),
        stamps_(context.stage->stamps(context.spec.role, context.spec.index)) {
    bind_this_thread(context.spec.cpu);
    verify_binding(context.spec.cpu);
    set_policy(context.spec.policy);
    // Touched here, on this CPU, before anything is timed.
    std::memset(stamps_.data(), 0, stamps_.size_bytes());
    take_ticks_ = ticks_of([&] { take_part(channel); });
    if (context.spec.kind == RoleKind::process) channel.reset();
    injector_.reach(Phase::meet);
  }

  [[nodiscard]] Report ready() const {
    Report report;
    report.thread = static_cast<std::int32_t>(::syscall(SYS_gettid));
    report.work_ticks = take_ticks_;
    return report;
  }
  void leave() { injector_.reach(Phase::close); }

  Report obey(const Order& order) {
    Report report;
    if (order.kind == Order::Kind::close) {
      report.work_ticks = ticks_of([&] { end_.reset(); });
      return report;
    }
    if (order.kind == Order::Kind::reshape) {
      Shape shape = shape_of(context_.rungs[order.rung], *context_.prefix);
      shape.delay_steps = order.delay_steps;
      report.timer_slack_ns = set_timer_slack(context_.rungs[order.rung].timer_slack_ns);
      report.work_ticks = ticks_of([&] { end_->reshape(shape); });
      report.buffer_bytes = end_->buffer_bytes();
      report.page_bytes = end_->page_bytes();
    } else if (order.kind == Order::Kind::act) {
      act(order, report);
    } else if (order.kind == Order::Kind::canary) {
      canary(order);
    } else if (order.kind == Order::Kind::chain) {
      time_chain(order.delay_steps, stamps_);
    } else if (order.kind == Order::Kind::dry) {
      report.work_ticks = dry_ticks(order.steps[0].job, stamps_);
    } else {
      const Usage before = usage_now(UsageScope::thread);
      run_steps(order, report);
      report.usage = usage_now(UsageScope::thread) - before;
      if (!order.steps[0].job.verify) report.pages = buffer_pages_now(*context_.prefix);
      report.cpu = ::sched_getcpu();
    }
    if (end_) report.slots = end_->slots();
    return report;
  }

 private:
  template <class Work>
  static std::uint64_t ticks_of(Work work) {
    const std::uint64_t before = ticks::now();
    work();
    return ticks::now() - before;
  }

  void take_part(std::unique_ptr<Channel>& channel) {
    if (context_.effect != nullptr) {
      act_ = context_.effect->act(context_);
      return;
    }
    const auto index = static_cast<int>(context_.spec.index);
    end_ = context_.spec.role == Role::client ? channel->client(index) : channel->server(index);
  }

  void canary(const Order& order) {
    auto& lines = context_.stage->canary();
    if (context_.spec.role == Role::client) {
      handoff::ask(lines, order.canary_from, stamps_.first(order.canary_stamps));
    } else {
      handoff::answer(lines, order.canary_from, (order.canary_stamps - 1) * handoff::kRoundsEach);
    }
  }

  void act(const Order& order, Report& report) {
    const Usage before = usage_now(UsageScope::thread);
    act_->obey(order, report);
    report.usage = usage_now(UsageScope::thread) - before;
    report.cpu = ::sched_getcpu();
  }

  void run_steps(const Order& order, Report& report) {
    std::uint64_t used = 0;
    for (std::uint32_t i = 0; i < order.step_count; ++i) {
      Step step = order.steps[i];
      if (order.together && (i > 0 || order.at_once)) context_.stage->meet(meetings_);
      const bool serves = context_.spec.role == Role::server;
      if (serves && step.part == Part::detect) fall(step);
      if (serves && !serve(step)) continue;
      step.job.index = context_.spec.index;
      step.job.intended = context_.stage->schedule().first(scheduled(step));
      if (step.job.mixed) step.job.sizes = context_.stage->sizes().first(step.job.messages);
      if (step.job.backlog != 0) take_turns(step.job);
      Tally tally{.stamps = stamps_.subspan(used), .aways = context_.stage->aways()};
      if (step.part == Part::drain) await_senders(step.job);
      step.job.flow = &context_.stage->flow(i);
      const bool last_consumer = context_.spec.index + 1 == step.job.consumers;
      if (step.part == Part::take && !last_consumer) step.job.pause_ns = 0;
      const auto dropped = end_->drops();
      const std::uint64_t before = cpu_time_ns(UsageScope::thread);
      phase().store(step.phase, std::memory_order_relaxed);
      if (step.watched()) watch(step);
      std::uint64_t began = 0, ended = 0, stalled = 0;
      {
        const CountedSection counted(step.counted);
        began = ticks::now();
        if (serves && step.job.stall_ns != 0) stalled = stall_amid(*end_, step, tally);
        injector_.run(*end_, step.phase, step, tally);
        ended = ticks::now();
      }
      if (step.part == Part::pour) {
        context_.stage->senders_done().fetch_add(1, std::memory_order_release);
      }
      report.steps[i] = {.stamped = tally.stamped,
                         .messages = tally.messages,
                         .flushes = tally.flushes,
                         .positions = tally.positions,
                         .looks = tally.looks,
                         .seen = tally.seen,
                         .seen_squares = tally.seen_squares,
                         .away = tally.away,
                         .stalled_ticks = stalled,
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
                         .drops = std::nullopt,
                         .cpu_ns = cpu_time_ns(UsageScope::thread) - before,
                         .began_ticks = began,
                         .ended_ticks = ended};
      if (dropped) report.steps[i].drops = *end_->drops() - *dropped;
      if (tally.stamped > tally.stamps.size()) throw std::runtime_error("more stamps than room");
      used += tally.stamped;
    }
  }

  // Answers every request of the step, takes one more, and is no more: when, its first stamp says.
  [[noreturn]] void fall(const Step& step) {
    stamps_[0] = 0;
    Tally tally{.stamps = stamps_.subspan(1)};
    Job job = step.job;
    end_->run(Part::answer, job, tally);
    job.first_sequence += job.messages;
    job.messages = job.messages_each = 1;
    await_senders(job);
    end_->run(Part::drain, job, tally);
    stamps_[0] = ticks::now();
    ::kill(::getpid(), step.fate == PeerFate::killed ? SIGKILL : SIGSTOP);
    for (;;) ::pause();
  }

  static std::size_t scheduled(const Step& step) {
    if (step.part == Part::answer && step.job.thinks) return Stage::kThoughts;
    return step.part == Part::pace ? step.job.messages : 0;
  }

  std::atomic<Phase>& phase() {
    return context_.state->phase_of(context_.spec.role, context_.spec.index);
  }

  // The receiver counts in the stage, the sender looks there at random times.
  void watch(Step& step) {
    gaps_ = look_gaps(step.look_ticks, step.job.origin_ticks);
    step.job.received = &context_.stage->received();
    step.job.look_gaps = gaps_;
    step.job.away_ticks = step.look_ticks;
  }

  // Every part that is poured is drained, in the same order: this one's senders are done when so
  // many parts are.
  void await_senders(Job& job) {
    job.senders_done = &context_.stage->senders_done();
    job.senders_awaited = drained_ += job.producers;
  }

  void take_turns(Job& job) {
    job.turns = &context_.stage->turns();
    job.first_round = rounds_;
    rounds_ += job.messages / (job.backlog + 1);
  }

  // The server's counterpart of a client's part; false where it has nothing to do.
  static bool serve(Step& step) {
    switch (step.part) {
      case Part::ask:
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
      case Part::window:
        step.part = Part::answer;
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

  const RoleContext& context_;
  Injector injector_;
  std::span<std::uint64_t> stamps_;
  std::unique_ptr<End> end_;
  std::unique_ptr<Act> act_;  // or this
  std::uint64_t take_ticks_ = 0;
  std::vector<std::uint64_t> gaps_;  // of a watched sender
  std::uint32_t drained_ = 0;        // parts of senders
  std::uint32_t meetings_ = 0;       // of all roles
  std::uint64_t rounds_ = 0;         // of backlogs, in all steps
};

template <class Work>
Report reported(Work work) noexcept {
  Report report;
  try {
    report = work();
  } catch (const Unavailable& missing) {
    report.say(Report::Status::unavailable, missing.what());
  } catch (const std::exception& error) {
    report.say(Report::Status::failed, error.what());
  } catch (...) {
    report.say(Report::Status::failed, "threw something that is no std::exception");
  }
  return report;
}

}  // namespace

void run_role(const RoleContext& context, std::unique_ptr<Channel>& channel,
              const ControlSocket& control) noexcept {
  try {
    std::unique_ptr<RoleLoop> loop;
    const auto send = [&](const Report& report) {
      control.send(report);
      return report.status == Report::Status::ok;
    };
    if (!send(reported([&] {
          loop = std::make_unique<RoleLoop>(context, channel);
          return loop->ready();
        }))) {
      return;
    }
    for (;;) {
      const auto order = control.recv_order();
      if (!order) return;
      if (order->kind == Order::Kind::quit) {
        const Report left = reported([&] { return loop->leave(), Report{}; });
        if (left.status != Report::Status::ok) control.send(left);
        return;
      }
      if (!send(reported([&] { return loop->obey(*order); }))) return;
    }
  } catch (const std::exception&) {
    // The coordinator is gone: nobody is left to be told.
  }
}

}  // namespace ipcmark
