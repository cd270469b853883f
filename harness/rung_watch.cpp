#include "harness/rung_watch.hpp"

#include "harness/maybe_count.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

void RungWatch::begin(MachineWatch& watch) {
  watch_ = &watch;
  began_ns_ = monotonic_now();
  before_ = watch.read();
}

void RungWatch::end() {
  MachineCounts visit = watch_->read() - before_;
  visit.watched_ns = static_cast<std::uint64_t>(monotonic_now() - began_ns_);
  if (!visited_) {
    counts_ = visit;
  } else {
    for (const auto& [name, count] : kMachineFields) add_to(counts_.*count, visit.*count);
    counts_.millidegrees = visit.millidegrees;  // a level, not a count
  }
  visited_ = true;
}

}  // namespace ipcmark
