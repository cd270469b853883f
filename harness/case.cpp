#include "harness/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/axes.hpp"

namespace ipcmark {
namespace {

nlohmann::json json_of(const Axis& axis, const std::string& text) {
  if (axis.words != nullptr || text == "inf") return text;
  if (text == "-1") return -1;
  return std::stoull(text);
}

std::string text_from(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  throw std::invalid_argument("neither a word nor a whole number");
}

}  // namespace

nlohmann::json to_json(const Case& point) {
  auto map = nlohmann::json::object();
  for (const Axis& axis : axes()) map[std::string(axis.name)] = json_of(axis, axis.read(point));
  return map;
}

namespace {

// What tells a case at a glance stands in every record.
constexpr std::string_view kAlwaysSaid[] = {"transport", "pattern", "message_bytes", "reply_bytes",
                                            "wait",      "idle",    "placement"};

bool always_said(const Axis& axis) {
  return std::ranges::find(kAlwaysSaid, axis.name) != std::end(kAlwaysSaid);
}

}  // namespace

nlohmann::json neutral_axes() {
  auto map = to_json(Case{});
  for (const std::string_view name : kAlwaysSaid) map.erase(std::string(name));
  return map;
}

nlohmann::json record_case(const Case& point) {
  static const Case neutral;
  auto map = nlohmann::json::object();
  for (const Axis& axis : axes()) {
    const std::string text = axis.read(point);
    if (always_said(axis) || text != axis.read(neutral)) {
      map[std::string(axis.name)] = json_of(axis, text);
    }
  }
  return map;
}

Case case_from_json(const nlohmann::json& map) {
  Case point;
  for (const Axis& axis : axes()) {
    const auto found = map.find(std::string(axis.name));
    if (found == map.end()) throw std::invalid_argument(fmt::format("no {} in a case", axis.name));
    try {
      // Not `canonical`: a record may name a transport that this program does not have.
      axis.write(point, text_from(*found));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{} in a case: {}", axis.name, error.what()));
    }
  }
  return point;
}

Shape shape_of(const Case& point, const std::string& prefix) {
  const bool endless = point.threshold_bytes < 0 || point.threshold_bytes == Case::kInfinite;
  const std::uint64_t threshold =
      endless ? kNever : static_cast<std::uint64_t>(point.threshold_bytes);
  const bool answers_alike = point.pattern == Pattern::ping || point.pattern == Pattern::window;
  return {.message_bytes = point.message_bytes,
          .reply_bytes = point.reply_bytes,
          .depth = point.depth,
          .batch = point.batch,
          .wait = point.wait,
          .access = point.access,
          .backing = point.backing,
          .page_bytes = point.page_bytes,
          .buffer_bytes = point.buffer_bytes,
          .address = point.address,
          .nodelay = point.nodelay,
          .spin_budget_ns = point.spin_budget_ns,
          .threshold_bytes = threshold,
          // An ask's answer is a fixed acknowledgement on both paths; else it is as the message.
          .reply_threshold_bytes = answers_alike ? threshold : kNever,
          .producers = point.producers,
          .consumers = point.consumers,
          .home = point.home,
          .prefix = prefix};
}

}  // namespace ipcmark
