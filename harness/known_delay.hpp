// A delay that a transport adds on purpose: how many steps make it, and what they achieved.
#pragma once

#include <cstdint>

#include "harness/director.hpp"

namespace ipcmark {

class KnownDelay {
 public:
  explicit KnownDelay(Director& director) : director_(director) {}

  // The chain's length follows from what a step costs on this CPU now; what it achieved is measured
  // again afterwards.
  void inject(std::size_t rung, RungMeter& meter);
  // What was asked for and what it took, as values of the result.
  void note(RungMeter& meter);

 private:
  Director& director_;
  std::uint64_t steps_ = 0;
  double achieved_before_ns_ = 0;
};

}  // namespace ipcmark
