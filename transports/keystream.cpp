#include "transports/keystream.hpp"

#include <algorithm>

namespace ipcmark::keystream {

namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kLine = 64;

// Two words as one register. Written over plain words, or over a vector as wide as a line, g++ 12
// keeps the running line in memory and is bound by its own stores: 8 GB/s instead of 50.
using Pair [[gnu::vector_size(2 * kWord)]] = std::uint64_t;

Pair load(const std::byte* from) noexcept {
  Pair words;
  std::memcpy(&words, from, sizeof words);
  return words;
}
void store(std::byte* to, Pair words) noexcept { std::memcpy(to, &words, sizeof words); }

}  // namespace

void fill(std::span<std::byte> message, std::uint64_t key) noexcept {
  std::byte* to = message.data();
  std::size_t left = message.size();
  Pair words = {key, key + kStep};
  for (; left >= kLine; left -= kLine, to += kLine, words += 8 * kStep) {
    store(to, words);
    store(to + 16, words + 2 * kStep);
    store(to + 32, words + 4 * kStep);
    store(to + 48, words + 6 * kStep);
  }
  for (; left >= sizeof words; left -= sizeof words, to += sizeof words, words += 2 * kStep) {
    store(to, words);
  }
  if (left != 0) std::memcpy(to, &words, left);
}

bool sum_matches(std::span<const std::byte> message, std::uint64_t key) noexcept {
  const std::byte* from = message.data();
  std::size_t left = message.size();
  Pair sums[4] = {};  // four chains of additions, so that loads are the bound
  for (; left >= kLine; left -= kLine, from += kLine) {
    for (std::size_t i = 0; i < 4; ++i) sums[i] += load(from + i * sizeof(Pair));
  }
  for (; left >= sizeof(Pair); left -= sizeof(Pair), from += sizeof(Pair)) sums[0] += load(from);
  const Pair both = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  std::uint64_t sum = both[0] + both[1];
  if (left >= kWord) {
    std::uint64_t word;
    std::memcpy(&word, from, kWord);
    sum += word, from += kWord;
  }

  const std::uint64_t n = message.size() / kWord;
  // n(n-1)/2 without losing the top bit to the product.
  const std::uint64_t pairs = n % 2 == 0 ? (n / 2) * (n - 1) : n * ((n - 1) / 2);
  if (sum != n * key + pairs * kStep) return false;
  if (left % kWord == 0) [[likely]]
    return true;
  const std::uint64_t tail = key + n * kStep;
  return std::memcmp(from, &tail, left % kWord) == 0;
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
