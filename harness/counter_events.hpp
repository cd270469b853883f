// A selection of counters as the events that this CPU has for it, by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/counter_names.hpp"

namespace ipcmark {

// An event that is asked for, or why this CPU has none.
struct WantedEvent {
  std::string counter;
  std::string event;  // "skl::TLB_FLUSH:STLB_ANY"; "kernel" where that counts by itself
  EventCode code;
  bool apart = true;  // user code's and the kernel's can be told
  std::string lacking;
};

// A selection is a group, one of its counters, or an event of libpfm4's.
[[nodiscard]] std::vector<WantedEvent> wanted_by(const std::string& selection,
                                                 const std::vector<std::string>& pmus);

// What `counters` may say beside the groups: counters and event names, as they are. Throws
// std::invalid_argument "unknown counter or group `tbl`; did you mean `tlb`?".
[[nodiscard]] std::string counter_word(std::string_view text);
// "none" and the groups.
[[nodiscard]] std::vector<std::string> counter_selections();

}  // namespace ipcmark
