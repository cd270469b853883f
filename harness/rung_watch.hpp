// What the machine did on the two measured CPUs while a rung was visited, all visits together.
#pragma once

#include <cstdint>

#include "harness/machine_watch.hpp"

namespace ipcmark {

class RungWatch {
 public:
  // `watch` outlives this.
  void begin(MachineWatch& watch);
  void end();
  [[nodiscard]] const MachineCounts& counts() const { return counts_; }

 private:
  MachineWatch* watch_ = nullptr;
  std::int64_t began_ns_ = 0;
  MachineCounts before_;
  MachineCounts counts_;
  bool visited_ = false;
};

}  // namespace ipcmark
