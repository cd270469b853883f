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
    for (const auto& [name, count] : kMachineFields) add(counts_.*count, visit.*count);
  }
  visited_ = true;
}

}  // namespace ipcmark
