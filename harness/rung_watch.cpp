#include "harness/rung_watch.hpp"

#include "harness/maybe_count.hpp"

namespace ipcmark {

void RungWatch::begin(MachineWatch& watch) {
  watch_ = &watch;
  before_ = watch.read();
}

void RungWatch::end() {
  const MachineCounts visit = watch_->read() - before_;
  if (!visited_) {
    counts_ = visit;
  } else {
    for (const auto& [name, count] : kMachineFields) add_to(counts_.*count, visit.*count);
  }
  visited_ = true;
}

}  // namespace ipcmark
