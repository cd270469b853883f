#pragma once
#include <time.h>

#include <cstdint>
#include <string>

#include "transports/ticks.hpp"
namespace ipcmark {
struct ClockFacts {
  std::string method;
  double ticks_per_ns = 1, quantum_ns = 1, cost_min_ns = 0, cost_p50_ns = 0, cost_p99_ns = 0,
         calibration_error_ppm = 0;
};
}  // namespace ipcmark
