#include "harness/little.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace ipcmark {

namespace {

// The clock that stands still while the sender cannot look: in a send, or not running.
class LookClock {
 public:
  explicit LookClock(const WatchedLoop& loop) {
    for (const auto& pairs : {loop.sends, loop.aways}) {
      for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
        if (pairs[i] <= pairs[i + 1]) blind_.push_back({pairs[i], pairs[i + 1], 0});
      }
    }
    std::ranges::sort(blind_, {}, &Blind::from);
    std::uint64_t before = 0;
    for (Blind& blind : blind_) {
      blind.before = before;
      before += blind.to - blind.from;
    }
  }

  // Ticks in which it could look, up to `at`.
  [[nodiscard]] double at(std::uint64_t at) const {
    const auto next = std::ranges::upper_bound(blind_, at, {}, &Blind::from);
    if (next == blind_.begin()) return static_cast<double>(at);
    const Blind& last = *std::prev(next);
    const std::uint64_t blind = last.before + std::min(at, last.to) - last.from;
    return static_cast<double>(at) - static_cast<double>(blind);
  }

 private:
  struct Blind {
    std::uint64_t from, to;
    std::uint64_t before;  // ticks of those before it
  };
  std::vector<Blind> blind_;
};

}  // namespace

std::optional<double> expected_under_way(const WatchedLoop& loop) {
  if (loop.sends.empty()) return std::nullopt;
  const LookClock clock(loop);
  const std::uint64_t first = loop.sends.front(), end = loop.sends.back();
  const double looking = clock.at(end) - clock.at(first);
  if (looking <= 0) return std::nullopt;
  double under_way = 0;
  for (std::size_t i = 0; i < loop.arrived.size(); ++i) {
    const std::uint64_t sent = loop.sends[2 * i];
    const std::uint64_t arrived = std::clamp(loop.arrived[i], sent, std::max(sent, end));
    under_way += clock.at(arrived) - clock.at(sent);
  }
  return under_way / looking;
}

std::optional<LittleCheck> check_little(const WatchedLoop& loop, const Looked& looked) {
  const auto expected = expected_under_way(loop);
  if (!expected || *expected <= 0 || looked.looks == 0) return std::nullopt;
  LittleCheck check{.seen = static_cast<double>(looked.seen) / static_cast<double>(looked.looks),
                    .expected = *expected};
  check.residual = check.seen / check.expected - 1;
  // Looks are a Poisson process: the variance of the sum over it is the sum of the squares.
  check.error = looked.seen == 0 ? 1
                                 : std::sqrt(static_cast<double>(looked.seen_squares)) /
                                       static_cast<double>(looked.seen);
  return check;
}

}  // namespace ipcmark
