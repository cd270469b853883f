#pragma once

#include <vector>

#include "harness/counted.hpp"
#include "harness/counter_plan.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

// The calling thread's events and accounts from begin() to end(). The accounts are read outside of
// the events; both are for launches that are not timed.
class CountedWork {
 public:
  // Opens the pass's group. Throws std::system_error where that is refused: it was tried before.
  CountedWork(const CounterPass& pass, int cpu);
  void begin();
  void end();
  [[nodiscard]] const Counted& counted() const { return counted_; }

 private:
  [[nodiscard]] MachineCounts interrupts() const;

  int cpu_;
  std::vector<Fd> events_;  // the leader first
  Usage before_;
  MachineCounts interrupts_before_;
  Counted counted_;
};

}  // namespace ipcmark
