// The canary of a launch: handoffs between its two ends' CPUs, before and after each visit.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/director.hpp"

namespace ipcmark {

// Both in ns, medians. The hand-off tells where the host has put the CPUs, the interrupt in what
// state it delivers one from the client's to the server's; none where the kernel has no
// membarrier.
struct CanaryReading {
  double handoff_ns = 0;
  std::optional<double> interrupt_ns;
};

// Whoever is to be interrupted says so, and its children inherit it: before the roles are made.
// False where the kernel has no such call.
[[nodiscard]] bool expect_interrupts() noexcept;

class Canary {
 public:
  Canary(Director& director, bool interrupts) : director_(director), interrupts_(interrupts) {}

  // None where both ends share a CPU, since a spinning pair would wait for the scheduler.
  [[nodiscard]] std::optional<CanaryReading> measure();
  // ns of the fastest round trip so far; more than any where there was none.
  [[nodiscard]] double fastest_ns() const { return fastest_ns_; }

 private:
  Director& director_;
  bool interrupts_;
  std::uint64_t turn_ = 0;
  double fastest_ns_ = 1e9;
};

}  // namespace ipcmark
