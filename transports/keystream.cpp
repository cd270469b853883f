#include "transports/keystream.hpp"

#include <algorithm>

namespace ipcmark::keystream {

namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kLanes = 8;  // one cache line a turn; the compiler makes vectors of it

std::uint64_t load(const std::byte* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, kWord);
  return word;
}

}  // namespace

void fill(std::span<std::byte> message, std::uint64_t key) noexcept {
  std::byte* to = message.data();
  std::size_t left = message.size();
  std::uint64_t lanes[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = key + i * kStep;
  for (; left >= sizeof lanes; left -= sizeof lanes, to += sizeof lanes) {
    std::memcpy(to, lanes, sizeof lanes);
    for (auto& lane : lanes) lane += kLanes * kStep;
  }
  std::memcpy(to, lanes, left);
}

bool sum_matches(std::span<const std::byte> message, std::uint64_t key) noexcept {
  const std::byte* from = message.data();
  const std::size_t words = message.size() / kWord;
  std::uint64_t sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= words; i += kLanes, from += kLanes * kWord) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += load(from + lane * kWord);
  }
  std::uint64_t sum = 0;
  for (const auto lane : sums) sum += lane;
  for (; i < words; ++i, from += kWord) sum += load(from);

  const std::uint64_t n = words;
  // n(n-1)/2 without losing the top bit to the product.
  const std::uint64_t pairs = n % 2 == 0 ? (n / 2) * (n - 1) : n * ((n - 1) / 2);
  if (sum != n * key + pairs * kStep) return false;
  const std::uint64_t tail = key + n * kStep;
  return std::memcmp(from, &tail, message.size() % kWord) == 0;
}

std::size_t first_mismatch(std::span<const std::byte> message, std::uint64_t key) noexcept {
  for (std::size_t i = 0; i < message.size(); i += kWord) {
    const std::uint64_t want = key + (i / kWord) * kStep;
    std::byte bytes[kWord];
    std::memcpy(bytes, &want, kWord);
    const std::size_t here = std::min(kWord, message.size() - i);
    if (std::memcmp(&message[i], bytes, here) == 0) continue;
    for (std::size_t j = 0; j < here; ++j) {
      if (message[i + j] != bytes[j]) return i + j;
    }
  }
  return message.size();
}

}  // namespace ipcmark::keystream
