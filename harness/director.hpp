// How a launch's coordinator has its roles do something: each order with its deadline, the shapes
// of a rung, and chains of known length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/cast.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

struct LaunchSpec;

// A phase may take this much longer than was promised, besides the fixed deadline.
inline constexpr std::int64_t kPatience = 20;

// How long a phase may take of which `expected_ns` were promised, by a probe or a plan.
[[nodiscard]] std::int64_t phase_deadline_ns(const RunSettings& run, std::int64_t expected_ns = 0);

// All that wait throw Unavailable or LaunchFailed, as the cast does.
class Director {
 public:
  // All of them outlive this.
  Director(const LaunchSpec& spec, Cast& cast, const Stage& stage)
      : spec_(spec), stage_(stage), cast_(cast) {}

  [[nodiscard]] const LaunchSpec& spec() const { return spec_; }
  [[nodiscard]] const Stage& stage() const { return stage_; }
  [[nodiscard]] Cast& cast() const { return cast_; }
  [[nodiscard]] std::int64_t deadline(std::int64_t expected_ns = 0) const;

  // All roles, or the first of a kind alone.
  std::vector<Report> tell_all(const Order& order, Phase phase, std::int64_t expected_ns = 0);
  Report tell(Role role, const Order& order, Phase phase, std::int64_t expected_ns = 0);
  // The first of the home's kind, then all others.
  void tell_home_first(Role home, const Order& order, Phase phase);
  // All roles' steps, none of which can have taken longer than was waited for them here.
  std::vector<Report> perform(const Order& order, Phase phase, std::int64_t expected_ns = 0);
  // The home end first, then the others; what they have got goes to the meter. Their reports.
  std::vector<Report> reshape(std::size_t rung, RungMeter& meter, std::uint64_t delay_steps = 0);

  // What a delay chain takes on the client's CPU now, in ns.
  double chain_ns(std::uint64_t steps);
  // Steps of one that takes this long there; timed once a launch.
  [[nodiscard]] std::uint64_t chain_steps(std::uint64_t ns);
  [[nodiscard]] double to_ns(std::uint64_t ticks) const;

 private:
  const LaunchSpec& spec_;
  const Stage& stage_;
  Cast& cast_;
  double step_ns_ = 0;
};

}  // namespace ipcmark
