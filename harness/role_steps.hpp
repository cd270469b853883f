// The steps of an order on one role's end: what each of them is to this role, and its account of
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/counted_work.hpp"
#include "harness/injector.hpp"
#include "harness/peer.hpp"
#include "harness/rendezvous.hpp"

namespace ipcmark {

class RoleSteps {
 public:
  // All of them outlive this.
  RoleSteps(const RoleContext& context, Injector& injector, End& end)
      : context_(context), injector_(injector), end_(end) {}

  // Runs them one after the other and leaves their accounts in the report. Throws what the end
  // throws.
  void run(const Order& order, Report& report);

 private:
  // What only this role knows of its step, the i-th of an order.
  void prepare(Step& step, std::uint32_t i);
  StepReport perform(Step& step, Tally& tally);
  // Opens the counters of a step that has any.
  [[nodiscard]] std::optional<CountedWork> counting(const Step& step) const;
  // Answers every request of the step, takes one more, and is no more: when, its first stamp says.
  [[noreturn]] void fall(const Step& step);
  // The receiver counts in the stage, the sender looks there at random times.
  void watch(Step& step);
  // Every part that is poured is drained, in the same order: this one's senders are done when so
  // many parts are.
  void await_senders(Job& job);
  void take_turns(Job& job);
  [[nodiscard]] bool serves() const { return context_.spec.role == Role::server; }
  [[nodiscard]] std::span<std::uint64_t> stamps() const {
    return context_.stage->stamps(context_.spec.role, context_.spec.index);
  }

  const RoleContext& context_;
  Injector& injector_;
  End& end_;
  std::vector<std::uint64_t> gaps_;  // of a watched sender
  std::uint32_t drained_ = 0;        // parts of senders
  std::uint32_t meetings_ = 0;       // of all roles
  std::uint64_t rounds_ = 0;         // of backlogs, in all steps
  std::uint32_t rung_ = 0;           // of the order in hand
  Counted counted_;                  // by its step with counters
};

}  // namespace ipcmark
