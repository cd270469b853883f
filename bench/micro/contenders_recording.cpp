// What keeping a sample costs beyond reading the timer.
#include <memory>
#include <vector>

#include "bench/micro/contenders.hpp"
#include "harness/histogram.hpp"
#include "transports/patterns.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::micro {

namespace {

// Alone in the client; the server has nothing to do.
template <class Body>
Contender alone(std::string name, std::uint64_t operations, Body body) {
  return {.name = std::move(name),
          .operations = operations,
          .open = [](Role) {},
          .run = [=](Role role) -> std::optional<std::uint64_t> {
            if (role == Role::server) return std::nullopt;
            const auto start = ticks::now();
            body(operations);
            return ticks::now() - start;
          }};
}

}  // namespace

Contender timer(std::uint64_t operations) {
  return alone("timer", operations, [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t now = ticks::now();
      asm volatile("" : : "r"(now));
    }
  });
}

// How the harness does it: the loop keeps the stamp, the histogram is filled after it.
Contender timer_stamp_and_record(std::uint64_t operations) {
  const auto stamps = std::make_shared<std::vector<std::uint64_t>>(operations);
  const auto histogram = std::make_shared<Histogram>();
  return alone("timer, stamp and histogram", operations, [=](std::uint64_t n) {
    Tally tally{.stamps = *stamps};
    for (std::uint64_t i = 0; i < n; ++i) patterns::stamp(tally);
    for (std::uint64_t i = 1; i < n; ++i) histogram->record((*stamps)[i] - (*stamps)[i - 1]);
  });
}

Contender timer_and_record(std::uint64_t operations) {
  const auto histogram = std::make_shared<Histogram>();
  return alone("timer and histogram", operations, [=](std::uint64_t n) {
    std::uint64_t before = ticks::now();
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t now = ticks::now();
      histogram->record(now - before);
      before = now;
    }
  });
}

}  // namespace ipcmark::micro
