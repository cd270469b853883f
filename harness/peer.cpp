#include "harness/peer.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "harness/binding.hpp"
#include "harness/calibration.hpp"
#include "harness/driver_cost.hpp"
#include "harness/effect.hpp"
#include "harness/membarrier.hpp"
#include "harness/role_steps.hpp"
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
      // A mapping's pages keep their size; asking walks all of them.
      if (page_bytes_ == 0) page_bytes_ = end_->page_bytes();
      report.page_bytes = page_bytes_;
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
      steps_->run(order, report);
      report.usage = usage_now(UsageScope::thread) - before;
      if (!order.steps[0].job.verify) report.pages = pages_.now(*context_.prefix);
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
    steps_.emplace(context_, injector_, *end_);
  }

  void canary(const Order& order) {
    auto& lines = context_.stage->canary();
    const std::uint64_t over = order.canary_from + handoff::turns(order.canary_stamps);
    if (context_.spec.role == Role::client) {
      handoff::ask(lines, order.canary_from, stamps_.first(order.canary_stamps));
      for (std::size_t i = 0; i < order.canary_interrupts; ++i) {
        const auto stamps = stamps_.subspan(order.canary_stamps + 2 * i, 2);
        stamps[0] = ticks::now();
        (void)membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);  // the server runs: it is told
        stamps[1] = ticks::now();
      }
      lines.there.turn.store(over, std::memory_order_release);
    } else {
      handoff::answer(lines, order.canary_from, (order.canary_stamps - 1) * handoff::kRoundsEach);
      while (lines.there.turn.load(std::memory_order_acquire) != over) {
      }
    }
  }

  void act(const Order& order, Report& report) {
    const Usage before = usage_now(UsageScope::thread);
    act_->obey(order, report);
    report.usage = usage_now(UsageScope::thread) - before;
    report.cpu = ::sched_getcpu();
  }

  const RoleContext& context_;
  Injector injector_;
  std::span<std::uint64_t> stamps_;
  std::unique_ptr<End> end_;
  std::optional<RoleSteps> steps_;  // of the end
  std::unique_ptr<Act> act_;        // or this
  std::uint64_t take_ticks_ = 0;
  WatchedPages pages_;
  std::uint64_t page_bytes_ = 0;
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
