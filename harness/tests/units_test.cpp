#include "harness/units.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ipcmark {
namespace {

std::string complaint(std::string_view text, Unit unit) {
  try {
    return std::to_string(parse_quantity(text, unit));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(units, sizes_are_binary) {
  EXPECT_EQ(parse_quantity("64", Unit::bytes), 64u);
  EXPECT_EQ(parse_quantity("64B", Unit::bytes), 64u);
  EXPECT_EQ(parse_quantity("64Ki", Unit::bytes), 65'536u);
  EXPECT_EQ(parse_quantity("4Mi", Unit::bytes), 4u << 20);
  EXPECT_EQ(parse_quantity("1Gi", Unit::bytes), 1u << 30);
  EXPECT_EQ(parse_quantity("1.5Ki", Unit::bytes), 1'536u);
}

TEST(units, times_are_nanoseconds) {
  EXPECT_EQ(parse_quantity("0", Unit::time), 0u);
  EXPECT_EQ(parse_quantity("250", Unit::time), 250u);
  EXPECT_EQ(parse_quantity("10us", Unit::time), 10'000u);
  EXPECT_EQ(parse_quantity("1.5ms", Unit::time), 1'500'000u);
  EXPECT_EQ(parse_quantity("2s", Unit::time), 2'000'000'000u);
  EXPECT_EQ(parse_quantity("4min", Unit::time), 240'000'000'000u);
  EXPECT_EQ(parse_quantity("inf", Unit::time), kNever);
}

TEST(units, rates_and_counts_are_decimal) {
  EXPECT_EQ(parse_quantity("100k", Unit::rate), 100'000u);
  EXPECT_EQ(parse_quantity("1M", Unit::rate), 1'000'000u);
  EXPECT_EQ(parse_quantity("2.5k", Unit::count), 2'500u);
}

TEST(units, refuse_what_is_not_exact) {
  EXPECT_EQ(complaint("1.5", Unit::bytes), "`1.5` is not a whole number of bytes");
  EXPECT_EQ(complaint("0.1ns", Unit::time), "`0.1ns` is not a whole number of nanoseconds");
  EXPECT_EQ(complaint("99999999999Gi", Unit::bytes), "`99999999999Gi` is too large");
  EXPECT_EQ(complaint("12345678901234567890123", Unit::bytes),
            "`12345678901234567890123` is too large");
  EXPECT_EQ(complaint("0.12345678901234567890", Unit::bytes),
            "`0.12345678901234567890` has more than 19 digits");
}

TEST(units, name_the_nearest_or_the_valid_units) {
  EXPECT_EQ(complaint("64Kb", Unit::bytes), "unknown unit `Kb` in `64Kb`; did you mean `Ki`?");
  EXPECT_EQ(complaint("64KiB", Unit::bytes), "unknown unit `KiB` in `64KiB`; did you mean `Ki`?");
  EXPECT_EQ(complaint("10usec", Unit::time), "unknown unit `usec` in `10usec`; did you mean `us`?");
  EXPECT_EQ(complaint("3parsecs", Unit::time),
            "unknown unit `parsecs` in `3parsecs`; valid: ns, us, ms, s, min, h");
  EXPECT_EQ(complaint("many", Unit::bytes),
            "`many` is not a number of bytes; write 1Ki (units: B, Ki, Mi, Gi)");
  EXPECT_EQ(complaint("-3", Unit::time),
            "`-3` is not a number of nanoseconds; write 1us (units: ns, us, ms, s, min, h)");
  EXPECT_EQ(complaint("", Unit::rate),
            "`` is not a number of messages per second; write 1k (units: /s, k, M, G)");
}

TEST(units, are_written_back_as_short_as_is_exact) {
  EXPECT_EQ(format_quantity(65'536, Unit::bytes), "64Ki");
  EXPECT_EQ(format_quantity(65'537, Unit::bytes), "65537");
  EXPECT_EQ(format_quantity(10'000, Unit::time), "10us");
  EXPECT_EQ(format_quantity(1'500, Unit::time), "1500ns");
  EXPECT_EQ(format_quantity(0, Unit::time), "0");
  EXPECT_EQ(format_quantity(100'000, Unit::rate), "100k");
  EXPECT_EQ(format_quantity(kNever, Unit::time), "inf");
}

TEST(units, come_back_the_same) {
  for (const Unit unit : {Unit::bytes, Unit::time, Unit::rate, Unit::count}) {
    for (std::uint64_t value = 1; value < (1ull << 60); value = value * 3 + 1) {
      EXPECT_EQ(parse_quantity(format_quantity(value, unit), unit), value);
    }
  }
}

}  // namespace
}  // namespace ipcmark
