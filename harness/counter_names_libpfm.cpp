#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "harness/counter_names.hpp"

namespace ipcmark {

namespace {

struct Pmu {
  std::string name;
  bool present = false;
  int first_event = -1;
};

// Every core's PMU that the library knows, and the kernel's generic events.
std::vector<Pmu> find_pmus() {
  // Names of other CPUs are encoded too: a table of them can be tested, and a name that belongs
  // elsewhere is told from one that belongs nowhere. Read by pfm_initialize alone.
  ::setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
  const bool usable = ::pfm_initialize() == PFM_SUCCESS;
  ::unsetenv("LIBPFM_ENCODE_INACTIVE");
  std::vector<Pmu> all;
  for (int i = PFM_PMU_NONE; usable && i < PFM_PMU_MAX; ++i) {
    pfm_pmu_info_t info{};
    info.size = sizeof info;
    if (::pfm_get_pmu_info(static_cast<pfm_pmu_t>(i), &info) != PFM_SUCCESS) continue;
    const bool generic = std::string_view(info.name) == "perf";
    // Not the architected PMU, whose few events each core's own table repeats.
    if (std::string_view(info.name) == "ix86arch") continue;
    if (info.type != PFM_PMU_TYPE_CORE && !generic) continue;
    all.push_back({info.name, info.is_present != 0, info.first_event});
  }
  return all;
}

const std::vector<Pmu>& known_pmus() {
  static const std::vector<Pmu> all = find_pmus();
  return all;
}

// "TLB_FLUSH", "TLB_FLUSH:STLB_ANY", ...
void add_names(int event, std::vector<std::string>& names) {
  pfm_event_info_t info{};
  info.size = sizeof info;
  if (::pfm_get_event_info(event, PFM_OS_PERF_EVENT, &info) != PFM_SUCCESS) return;
  names.emplace_back(info.name);
  for (int i = 0; i < info.nattrs; ++i) {
    pfm_event_attr_info_t attribute{};
    attribute.size = sizeof attribute;
    const int got = ::pfm_get_event_attr_info(event, i, PFM_OS_PERF_EVENT, &attribute);
    if (got != PFM_SUCCESS || attribute.type != PFM_ATTR_UMASK) continue;
    names.push_back(std::string(info.name) + ":" + attribute.name);
  }
}

}  // namespace

std::vector<std::string> present_pmus() {
  std::vector<std::string> names;
  for (const Pmu& pmu : known_pmus()) {
    if (pmu.present) names.push_back(pmu.name);
  }
  // Cores first: their own names are the better ones.
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name != "perf"; });
  return names;
}

std::optional<EventCode> event_code(std::string_view pmu, std::string_view event) {
  if (known_pmus().empty()) return std::nullopt;
  const std::string name = std::string(pmu) + "::" + std::string(event);
  perf_event_attr attr{};
  attr.size = sizeof attr;
  pfm_perf_encode_arg_t argument{};
  argument.size = sizeof argument;
  argument.attr = &attr;
  if (::pfm_get_os_event_encoding(name.c_str(), PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT,
                                  &argument) != PFM_SUCCESS) {
    return std::nullopt;
  }
  return EventCode{attr.type, attr.config, attr.config1, attr.config2};
}

std::vector<std::string> pmus_with(std::string_view event, std::span<const std::string> among) {
  const std::size_t colons = event.find("::");
  const std::string_view own = colons == event.npos ? "" : event.substr(0, colons);
  if (colons != event.npos) event.remove_prefix(colons + 2);
  std::vector<std::string> found;
  for (const Pmu& pmu : known_pmus()) {
    const bool asked = among.empty() || std::ranges::find(among, pmu.name) != among.end();
    if (asked && (own.empty() || own == pmu.name) && event_code(pmu.name, event)) {
      found.push_back(pmu.name);
    }
  }
  return found;
}

std::vector<std::string> event_names(std::span<const std::string> wanted) {
  std::vector<std::string> names;
  for (const Pmu& pmu : known_pmus()) {
    if (std::ranges::find(wanted, pmu.name) == wanted.end()) continue;
    for (int i = pmu.first_event; i != -1; i = ::pfm_get_event_next(i)) add_names(i, names);
  }
  return names;
}

std::string_view why_no_names() { return known_pmus().empty() ? "pfm_initialize failed" : ""; }

}  // namespace ipcmark
