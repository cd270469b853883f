// What the consumers of a mailbox took of one producer, so that the accounts of all of them can be
// added up and compared with what was sent.
#pragma once

#include <cstdint>

namespace ipcmark {

// Sums modulo 2^64 over the positions (0 to n - 1) of the messages taken. One consumer takes a
// producer's messages in ascending order, so none twice; where one was lost or taken by two, at
// least one of the sums over all consumers differs from whole(n).
struct Taken {
  std::uint64_t count = 0;
  std::uint64_t positions = 0;
  std::uint64_t squares = 0;

  bool operator==(const Taken&) const = default;
  Taken& operator+=(const Taken& more) noexcept {
    count += more.count, positions += more.positions, squares += more.squares;
    return *this;
  }
  void add(std::uint64_t position) noexcept { *this += {1, position, position * position}; }

  // Each of n messages once.
  [[nodiscard]] static constexpr Taken whole(std::uint64_t n) noexcept {
    if (n == 0) return {};
    // n(n-1)/2 and n(n-1)(2n-1)/6: divided before multiplied, or the product's top is lost.
    std::uint64_t factors[3] = {n, n - 1, 2 * n - 1};
    factors[n % 2 == 0 ? 0 : 1] /= 2;
    const std::uint64_t positions = factors[0] * factors[1];
    for (std::uint64_t& factor : factors) {
      if (factor % 3 != 0) continue;
      factor /= 3;
      break;
    }
    return {n, positions, factors[0] * factors[1] * factors[2]};
  }
};

}  // namespace ipcmark
