#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ipcmark {

// 16 bytes that decide which function SipHash is.
using HashKey = std::array<std::uint64_t, 2>;

// SipHash-2-4 (Aumasson and Bernstein): the same on every machine and version, which std::hash is
// not, and telling nothing of its key, so a hashed hostname cannot be looked up in a table.
[[nodiscard]] std::uint64_t siphash(std::string_view text, const HashKey& key) noexcept;

// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string hex(std::uint64_t value);

}  // namespace ipcmark
