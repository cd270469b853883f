// The payload: a keystream f(sequence, index), so that one byte, a signal's value or 4 MiB can be
// checked alike.
//
// Word i of message s is key(s) + i * kStep (little endian, cut to the message's length). Its sum
// has a closed form, so a receiver that reads everything at memory speed also knows whether what it
// read was right.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "transports/transport.hpp"

namespace ipcmark::keystream {

inline constexpr std::uint64_t kStep = 0xD1B54A32D192ED03;
// Replies come from another stream than messages: an end that reads back its own writes is found
// out.
inline constexpr std::uint64_t kReply = 0x5851F42D4C957F2D;

// Odd multiplier: consecutive sequences differ in the lowest byte, so a 1-byte message is checked
// modulo 256.
inline constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;
[[nodiscard]] constexpr std::uint64_t key(std::uint64_t sequence) noexcept {
  return (sequence + 1) * kMultiplier;
}

// kMultiplier's inverse modulo 2^64, by Newton: each step doubles the bits that are right.
inline constexpr std::uint64_t kInverse = [] {
  std::uint64_t inverse = kMultiplier;
  for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - kMultiplier * inverse;
  return inverse;
}();
static_assert(kMultiplier * kInverse == 1);

// Which message this is, by its first word; nonsense when that word is not the keystream's. One of
// fewer than 8 B tells its sequence only modulo 2^bits: it is then the one from a quarter of the
// modulus before `expected` to three quarters after.
[[nodiscard]] inline std::uint64_t sequence_of(std::span<const std::byte> message,
                                               std::uint64_t expected) noexcept {
  std::uint64_t word = 0;
  if (message.size() >= sizeof word) [[likely]] {
    std::memcpy(&word, message.data(), sizeof word);
    return word * kInverse - 1;
  }
  std::memcpy(&word, message.data(), message.size());
  const std::uint64_t modulus = std::uint64_t{1} << 8 * message.size();
  const std::uint64_t behind = std::min(expected, modulus / 4);
  return expected - behind + ((word * kInverse - 1 - expected + behind) & (modulus - 1));
}

// The whole message, at memory speed.
void fill(std::span<std::byte> message, std::uint64_t key) noexcept;
// Reads the whole message at memory speed; whether its sum is the keystream's.
[[nodiscard]] bool sum_matches(std::span<const std::byte> message, std::uint64_t key) noexcept;
// Compares every byte; returns the first wrong index, or message.size().
[[nodiscard]] std::size_t first_mismatch(std::span<const std::byte> message,
                                         std::uint64_t key) noexcept;

// The part of touch=header: the first word, or the whole of a shorter message.
inline void fill_header(std::span<std::byte> message, std::uint64_t key) noexcept {
  if (message.size() >= sizeof key) {
    std::memcpy(message.data(), &key, sizeof key);
  } else {
    std::memcpy(message.data(), &key, message.size());
  }
}

[[nodiscard]] inline bool header_matches(std::span<const std::byte> message,
                                         std::uint64_t key) noexcept {
  std::uint64_t got = 0;
  if (message.size() >= sizeof key) {
    std::memcpy(&got, message.data(), sizeof got);
    return got == key;
  }
  const auto bits = 8 * message.size();
  std::memcpy(&got, message.data(), message.size());
  return got == (key & ((std::uint64_t{1} << bits) - 1));
}

// A message of one word is written and read whole by its header's two instructions, without a call:
// there and back such calls are a tenth of a cache line's round trip.
[[nodiscard]] inline bool all_header(std::span<const std::byte> message) noexcept {
  return message.size() <= sizeof(std::uint64_t);
}

// How much of a payload is written and read: the case's touch, or every byte compared while
// verifying.
enum class Care { none, header, full, every_byte };

[[nodiscard]] constexpr Care care(Touch touch, bool verify) noexcept {
  if (verify) return Care::every_byte;
  return touch == Touch::full ? Care::full : touch == Touch::header ? Care::header : Care::none;
}

// What the sender does to a payload before it is handed over. A predicted branch on a register
// beside the instantiation product: less than a cycle, where a call through a pointer would cost
// more than a ring's message.
inline void write(Care care, std::span<std::byte> message, std::uint64_t key) noexcept {
  if (care == Care::none) return;
  if (care == Care::header || all_header(message)) {
    fill_header(message, key);
  } else {
    fill(message, key);
  }
}

// What the receiver does with a payload; false when it is not what was sent.
[[nodiscard]] inline bool read(Care care, std::span<const std::byte> message,
                               std::uint64_t key) noexcept {
  if (care == Care::none) return true;
  if (care == Care::header || all_header(message)) return header_matches(message, key);
  if (care == Care::full) return sum_matches(message, key);
  return first_mismatch(message, key) == message.size();
}

}  // namespace ipcmark::keystream
