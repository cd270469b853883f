// The canary of a launch: handoffs between its two ends' CPUs, before and after each visit.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/director.hpp"

namespace ipcmark {

class Canary {
 public:
  explicit Canary(Director& director) : director_(director) {}

  // ns, median of the windows; none where both ends share a CPU, since a spinning pair would wait
  // for the scheduler.
  [[nodiscard]] std::optional<double> measure();
  // ns of the fastest round trip so far; more than any where there was none.
  [[nodiscard]] double fastest_ns() const { return fastest_ns_; }

 private:
  Director& director_;
  std::uint64_t turn_ = 0;
  double fastest_ns_ = 1e9;
};

}  // namespace ipcmark
