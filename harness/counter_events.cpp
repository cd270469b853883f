#include "harness/counter_events.hpp"

#include <fmt/format.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include "harness/counter_groups.hpp"
#include "harness/nearest.hpp"

namespace ipcmark {

namespace {

constexpr std::size_t kNearestShown = 3;

// "skl::TLB_FLUSH:STLB_ANY" is of "skl"; one that names no PMU, of "".
std::pair<std::string_view, std::string_view> parts_of(std::string_view event) {
  const std::size_t colons = event.find("::");
  if (colons == event.npos) return {"", event};
  return {event.substr(0, colons), event.substr(colons + 2)};
}

const SoftwareCounter* software(std::string_view counter) {
  const auto all = software_counters();
  const auto found = std::ranges::find(all, counter, &SoftwareCounter::counter);
  return found == all.end() ? nullptr : &*found;
}

std::string group_of(std::string_view counter) {
  for (const CounterRow& row : counter_rows()) {
    if (row.counter == counter) return std::string(row.group);
  }
  return "";
}

// The events of these PMUs whose names are most like it, for one that is not theirs.
std::string nearest_events(std::string_view event, const std::vector<std::string>& pmus) {
  std::vector<std::pair<std::size_t, std::string>> found;
  for (std::string& name : event_names(pmus)) {
    found.emplace_back(edit_distance(event, name), std::move(name));
  }
  std::ranges::sort(found);
  found.resize(std::min(found.size(), kNearestShown));
  std::vector<std::string> names;
  for (auto& [distance, name] : found) names.push_back(std::move(name));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string lacks(std::string_view event, const std::vector<std::string>& pmus) {
  if (!why_no_names().empty()) return std::string(why_no_names());
  const std::string_view plain = parts_of(event).second;
  const std::string cpu = pmus.empty() ? "libpfm4 does not know it" : pmus.front();
  return fmt::format("this CPU ({}) has no such event; nearest: {}", cpu,
                     nearest_events(plain, pmus));
}

// A row's own event, or an event by its name: on a PMU that is here.
WantedEvent wanted_event(std::string counter, std::string_view event,
                         const std::vector<std::string>& pmus) {
  WantedEvent wanted{.counter = std::move(counter), .event = {}, .code = {}, .lacking = {}};
  const auto on = pmus_with(event, pmus);
  if (pmus.empty() || on.empty()) {
    wanted.lacking = lacks(event, pmus);
    return wanted;
  }
  const std::string_view plain = parts_of(event).second;
  wanted.event = fmt::format("{}::{}", on.front(), plain);
  wanted.code = event_code(on.front(), plain).value();
  return wanted;
}

std::optional<WantedEvent> wanted_counter(std::string_view group, std::string_view counter,
                                          const std::vector<std::string>& pmus) {
  if (const SoftwareCounter* own = software(counter)) {
    return WantedEvent{.counter = std::string(counter),
                       .event = "kernel",
                       .code = {.type = PERF_TYPE_SOFTWARE, .config = own->config},
                       .apart = own->apart,
                       .lacking = {}};
  }
  const auto row = row_for(group, counter, pmus);
  if (!row) return std::nullopt;
  for (const std::string& pmu : pmus) {  // the first of its PMUs that is here
    if (!event_code(pmu, row->event)) continue;
    return wanted_event(std::string(counter), fmt::format("{}::{}", pmu, row->event), pmus);
  }
  return wanted_event(std::string(counter), row->event, pmus);  // says what is lacking
}

}  // namespace

std::vector<WantedEvent> wanted_by(const std::string& selection,
                                   const std::vector<std::string>& pmus) {
  std::vector<WantedEvent> all;
  for (const std::string_view counter : counters_of(selection)) {
    if (auto wanted = wanted_counter(selection, counter, pmus)) all.push_back(std::move(*wanted));
  }
  if (!counters_of(selection).empty()) {
    if (all.empty()) {
      const auto why = why_no_names();
      all.push_back({.counter = selection,
                     .event = {},
                     .code = {},
                     .lacking = why.empty() ? "libpfm4 does not know this CPU" : std::string(why)});
    }
    return all;
  }
  if (software(selection) != nullptr || !group_of(selection).empty()) {
    auto wanted = wanted_counter(group_of(selection), selection, pmus);
    if (!wanted) {
      const std::string cpu = pmus.empty() ? "libpfm4 does not know it" : pmus.front();
      wanted = WantedEvent{.counter = selection,
                           .event = {},
                           .code = {},
                           .lacking = fmt::format("this CPU ({}) counts nothing of the kind", cpu)};
    }
    return {*wanted};
  }
  return {wanted_event(selection, selection, pmus)};
}

std::vector<std::string> counter_selections() {
  std::vector<std::string> all{"none"};
  std::ranges::move(counter_groups(), std::back_inserter(all));
  return all;
}

namespace {

// What may have been meant by no word that is known: one of ours, or an event of the PMU that it
// names, else of this CPU's.
std::string hint(std::string_view text, const std::vector<std::string>& ours) {
  if (const auto near = nearest(text, ours)) return fmt::format("; did you mean `{}`?", *near);
  const auto [pmu, event] = parts_of(text);
  const auto pmus = pmu.empty() ? present_pmus() : std::vector{std::string(pmu)};
  if (const auto near = nearest(event, event_names(pmus))) {
    return fmt::format("; did you mean `{}{}{}`?", pmu, pmu.empty() ? "" : "::", *near);
  }
  return fmt::format("; valid: {}, one of their counters, or an event that libpfm4 knows",
                     fmt::join(counter_selections(), ", "));
}

}  // namespace

std::string counter_word(std::string_view text) {
  std::vector<std::string> ours = counter_selections();
  for (const SoftwareCounter& each : software_counters()) ours.emplace_back(each.counter);
  for (const CounterRow& row : counter_rows()) ours.emplace_back(row.counter);
  const bool known = std::ranges::find(ours, text) != ours.end();
  if (known || !pmus_with(text).empty()) return std::string(text);
  throw std::invalid_argument(
      fmt::format("unknown counter or group `{}`{}", text, hint(text, ours)));
}

}  // namespace ipcmark
