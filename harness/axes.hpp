// The axes of a case, once: keys of records and plans, flags, help and messages come from this
// table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/case.hpp"
#include "harness/units.hpp"

namespace ipcmark {

inline constexpr std::uint64_t kLargestMessage = 1ull << 30;  // two of them must fit in memory

// What an axis is about; help shows them in this order.
enum class AxisGroup { what, traffic, load, patience, memory, place, effects };

struct Axis {
  std::string_view name;  // key of a record's `case` and of a plan
  AxisGroup group;
  std::string_view help;  // one line
  // Words, or (nullptr) a quantity of this unit within [lowest, highest], and "inf" if infinite.
  std::vector<std::string> (*words)() = nullptr;
  // What a text is that is none of the words, canonical; throws std::invalid_argument.
  std::string (*other)(std::string_view) = nullptr;
  std::string_view others = ", or a file";  // how help calls those
  Unit unit = Unit::count;
  std::uint64_t lowest = 0;
  std::uint64_t highest = 0;
  bool infinite = false;
  bool missing = false;                   // -1 stands for "there is none"
  std::vector<std::uint64_t> among = {};  // the only values there are; empty: any within the range
  std::uint64_t step = 1;                 // only multiples of this
  // Canonical text in and out: a word, a whole number, "inf" or "-1". write throws
  // std::invalid_argument for anything else.
  void (*write)(Case&, std::string_view) = nullptr;
  std::string (*read)(const Case&) = nullptr;

  [[nodiscard]] std::string flag() const;  // message_bytes → --message-bytes
  // "64Ki" → "65536". Throws std::invalid_argument naming the nearest valid word, the valid units
  // or the range.
  [[nodiscard]] std::string canonical(std::string_view text) const;
  // One value, a list `a,b,c` or a geometric range `1..4Mi/2` (two an octave); canonical and
  // without duplicates.
  [[nodiscard]] std::vector<std::string> values(std::string_view text) const;
  // Geometric steps from `from` to `to`, both included.
  [[nodiscard]] std::vector<std::string> range(std::string_view from, std::string_view to,
                                               double per_octave) const;
  // "spin, yield, block" or "1 to 1Gi, in B, Ki, Mi, Gi".
  [[nodiscard]] std::string valid() const;
};

[[nodiscard]] const std::vector<Axis>& axes();
// Groups in the order of help, with their titles.
[[nodiscard]] const std::vector<std::pair<AxisGroup, std::string_view>>& axis_groups();
[[nodiscard]] const Axis* find_axis(std::string_view name);
[[nodiscard]] std::vector<std::string> axis_names();

// Sets one axis of a case from any text that `canonical` takes.
void set(Case& point, std::string_view axis, std::string_view text);
// All axes in the table's order, canonical: two cases are equal iff their texts are.
[[nodiscard]] std::string text_of(const Case& point);

}  // namespace ipcmark
