#include "harness/units.hpp"

#include <fmt/format.h>

#include <span>
#include <stdexcept>
#include <vector>

#include "harness/nearest.hpp"

namespace ipcmark {
namespace {

struct Scale {
  std::string_view word;
  std::uint64_t factor;
};

// Ascending; the first is what a bare number means.
constexpr Scale kBytes[] = {{"B", 1}, {"Ki", 1ull << 10}, {"Mi", 1ull << 20}, {"Gi", 1ull << 30}};
constexpr Scale kTimes[] = {{"ns", 1},
                            {"us", 1'000},
                            {"ms", 1'000'000},
                            {"s", 1'000'000'000},
                            {"min", 60'000'000'000},
                            {"h", 3'600'000'000'000}};
constexpr Scale kRates[] = {{"/s", 1}, {"k", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}};
constexpr Scale kCounts[] = {{"", 1}, {"k", 1'000}, {"M", 1'000'000}};

std::span<const Scale> scales(Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return kBytes;
    case Unit::time:
      return kTimes;
    case Unit::rate:
      return kRates;
    case Unit::count:
      return kCounts;
  }
  return {};
}

std::string_view noun(Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return "bytes";
    case Unit::time:
      return "nanoseconds";
    case Unit::rate:
      return "messages per second";
    case Unit::count:
      return "";
  }
  return "";
}

// "a number of bytes", "a number".
std::string number_of(Unit unit) {
  return unit == Unit::count ? "a number" : fmt::format("a number of {}", noun(unit));
}

std::vector<std::string> words_of(Unit unit) {
  std::vector<std::string> words;
  for (const Scale& scale : scales(unit)) {
    if (!scale.word.empty()) words.emplace_back(scale.word);
  }
  return words;
}

std::uint64_t factor_of(std::string_view text, std::string_view word, Unit unit) {
  if (word.empty()) return 1;
  for (const Scale& scale : scales(unit)) {
    if (scale.word == word) return scale.factor;
  }
  throw std::invalid_argument(
      fmt::format("unknown unit `{}` in `{}`{}", word, text, did_you_mean(word, words_of(unit))));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void too_large(std::string_view text, std::string_view valid) {
  if (!valid.empty()) refuse_range(text, valid);
  throw std::invalid_argument(fmt::format("`{}` is too large", text));
}

[[noreturn]] void refuse_word(std::string_view text, Unit unit) {
  const auto example =
      unit == Unit::count ? "12 or 1k" : format_quantity(scales(unit)[1].factor, unit);
  throw std::invalid_argument(fmt::format("`{}` is not {}; write {} (units: {})", text,
                                          number_of(unit), example, unit_words(unit)));
}

// Holds so many digits times an hour in ns, which is why no more are let through.
constexpr std::size_t kMostDigits = 19;
__extension__ typedef unsigned __int128 Wide;

std::uint64_t scaled(std::string_view text, std::string_view whole, std::string_view fraction,
                     std::uint64_t factor, Unit unit, std::string_view valid) {
  Wide value = 0, divisor = 1;
  for (const char c : whole) value = value * 10 + static_cast<unsigned>(c - '0');
  for (const char c : fraction) {
    value = value * 10 + static_cast<unsigned>(c - '0');
    divisor *= 10;
  }
  value *= factor;
  if (value % divisor != 0) {
    throw std::invalid_argument(
        fmt::format("`{}` is not a whole {}", text, number_of(unit).substr(2)));
  }
  value /= divisor;
  if (value >= kNever) too_large(text, valid);
  return static_cast<std::uint64_t>(value);
}

}  // namespace

void refuse_range(std::string_view text, std::string_view valid) {
  throw std::invalid_argument(fmt::format("`{}` is out of range; valid: {}", text, valid));
}

std::uint64_t parse_quantity(std::string_view text, Unit unit, std::string_view valid) {
  if (text == "inf") return kNever;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(from, at - from);
  };
  const auto whole = digits();
  std::string_view fraction;
  if (at < text.size() && text[at] == '.') ++at, fraction = digits();
  if (whole.empty()) {
    const bool negative = text.size() > 1 && text[0] == '-' && is_digit(text[1]);
    if (negative && !valid.empty()) refuse_range(text, valid);
    refuse_word(text, unit);
  }
  if (whole.size() > kMostDigits) too_large(text, valid);
  if (whole.size() + fraction.size() > kMostDigits) {
    throw std::invalid_argument(fmt::format("`{}` has more than {} digits", text, kMostDigits));
  }
  return scaled(text, whole, fraction, factor_of(text, text.substr(at), unit), unit, valid);
}

std::string format_quantity(std::uint64_t value, Unit unit) {
  if (value == kNever) return "inf";
  if (value == 0) return "0";
  const auto all = scales(unit);
  for (std::size_t i = all.size(); i-- > 1;) {
    if (value % all[i].factor == 0) return fmt::format("{}{}", value / all[i].factor, all[i].word);
  }
  return fmt::format("{}{}", value, unit == Unit::time ? "ns" : "");
}

std::string unit_words(Unit unit) { return fmt::format("{}", fmt::join(words_of(unit), ", ")); }

}  // namespace ipcmark
