#include "harness/rung_watch.hpp"

namespace ipcmark {

namespace {

void add(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& more) {
  if (sum && more) {
    *sum += *more;
  } else {
    sum.reset();
  }
}

}  // namespace

void RungWatch::begin(MachineWatch& watch) {
  watch_ = &watch;
  before_ = watch.read();
}

void RungWatch::end() {
  const MachineCounts visit = watch_->read() - before_;
  if (!visited_) {
    counts_ = visit;
  } else {
    add(counts_.steal_ns, visit.steal_ns);
    add(counts_.tlb_shootdowns, visit.tlb_shootdowns);
    add(counts_.function_calls, visit.function_calls);
    add(counts_.reschedules, visit.reschedules);
    add(counts_.timer_interrupts, visit.timer_interrupts);
  }
  visited_ = true;
}

}  // namespace ipcmark
