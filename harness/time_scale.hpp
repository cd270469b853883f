#pragma once

namespace ipcmark {

// What a launch knows of time; found once a run.
struct TimeScale {
  double ticks_per_ns = 1;
  double quantum_ns = 1;
};

}  // namespace ipcmark
