// Quantities as people write them: 64Ki, 10us, 100k, inf. Exact integers or an error, never a
// rounded value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "transports/transport.hpp"

namespace ipcmark {

enum class Unit { bytes, time, rate, count };

// "1.5ms" → 1'500'000 (times in ns), "64Ki" → 65'536, "inf" → kNever. A bare number is in bytes,
// ns, messages per second or pieces. Throws std::invalid_argument naming the valid units or, of a
// number that is too large or negative, `valid`: what the caller takes, as in "1 to 1Gi".
[[nodiscard]] std::uint64_t parse_quantity(std::string_view text, Unit unit,
                                           std::string_view valid = {});
// Throws std::invalid_argument "`0` is out of range; valid: 1 to 1Gi".
[[noreturn]] void refuse_range(std::string_view text, std::string_view valid);

// The shortest exact way to write it: 65536 → "64Ki", 10'000 ns → "10us", kNever → "inf".
[[nodiscard]] std::string format_quantity(std::uint64_t value, Unit unit);

// "B, Ki, Mi, Gi": for help and messages.
[[nodiscard]] std::string unit_words(Unit unit);

}  // namespace ipcmark
