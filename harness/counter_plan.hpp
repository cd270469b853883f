// What a selection of counters becomes on this machine: passes of events that fit into the PMU
// together, found by opening them, and the reason for each that cannot be counted.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/counted.hpp"
#include "harness/perf_events.hpp"
#include "harness/words.hpp"

namespace ipcmark {

// Whose doing is counted: user code's and the kernel's apart where the event can tell.
enum class CountedPart { all, user, kernel };
template <>
struct Words<CountedPart> {
  static constexpr WordTable<CountedPart, 3> table{
      {{CountedPart::all, "all"}, {CountedPart::user, "user"}, {CountedPart::kernel, "kernel"}}};
};

struct PlannedCounter {
  std::string counter;
  CountedPart part = CountedPart::all;
  perf_event_attr attr{};
};

// Counted together, as one group of the kernel's on each end; kMostCounted of them at most.
using CounterPass = std::vector<PlannedCounter>;

struct MissingCounter {
  std::string counter;
  CountedPart part = CountedPart::all;
  std::string why;
  std::string remedy;
};

struct CounterPlan {
  std::string selection;
  std::vector<CounterPass> passes;
  // Counter → the event that counts it here: "skl::TLB_FLUSH:STLB_ANY", "kernel".
  std::vector<std::pair<std::string, std::string>> events;
  std::vector<MissingCounter> missing;
  PerfFacts facts;

  [[nodiscard]] bool counts_nothing() const { return selection != "none" && passes.empty(); }
  // "load_walks, store_walks: perf_event_open: ...; flushes: ...": one reason once.
  [[nodiscard]] std::string why_missing() const;
};

// A selection is "none", a group, one of its counters, or an event of libpfm4's. Opens each event
// once, on the calling thread, and closes it.
[[nodiscard]] CounterPlan plan_counters(const std::string& selection, PerfEvents& perf);

// Of every group what counts here, and what does not and why: {"group", "counts": [..],
// "missing": [{"names", "why", "remedy"}]}.
[[nodiscard]] nlohmann::json counter_status(PerfEvents& perf);

}  // namespace ipcmark
