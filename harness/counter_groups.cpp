#include "harness/counter_groups.hpp"

#include <linux/perf_event.h>

#include <algorithm>
#include <array>

#include "harness/text_file.hpp"

namespace ipcmark {

namespace {

// Intel's: client and server cores from Haswell on; the last has another word for a line that was
// found modified elsewhere (it is forwarded).
constexpr std::string_view kIntelOld = "hsw hsw_ep bdw bdw_ep";
constexpr std::string_view kIntel = "skl skx clx icl icx";
constexpr std::string_view kIntelServers = "skx clx icx spr";
constexpr std::string_view kIntelAll = "hsw hsw_ep bdw bdw_ep skl skx clx icl icx spr";
constexpr std::string_view kIntelFlushes = "hsw hsw_ep bdw bdw_ep skl skx clx icl icx";
constexpr std::string_view kZen2 = "amd64_fam17h_zen2";
constexpr std::string_view kZen3 = "amd64_fam19h_zen3";
constexpr std::string_view kZen4 = "amd64_fam19h_zen4";
constexpr std::string_view kZen = "amd64_fam17h_zen2 amd64_fam19h_zen3 amd64_fam19h_zen4";
constexpr std::string_view kArm = "arm_n1 arm_n2 arm_v1 arm_v2";
// The kernel's generic names, whatever the CPU: where a microarchitecture has none of its own.
constexpr std::string_view kAny = "perf";

// At most four counters a group that are not fixed ones: what a core with hyper-threading has.
constexpr auto kRows = std::to_array<CounterRow>({
    // Loads that found the line modified in another core's cache: what sharing costs a reader.
    {"coherence", "hitm", kIntelOld, "MEM_LOAD_UOPS_L3_HIT_RETIRED:XSNP_HITM"},
    {"coherence", "hitm", kIntel, "MEM_LOAD_L3_HIT_RETIRED:XSNP_HITM"},
    {"coherence", "hitm", "spr", "MEM_LOAD_L3_HIT_RETIRED:XSNP_FWD"},
    {"coherence", "remote_hitm", kIntelServers, "MEM_LOAD_L3_MISS_RETIRED:REMOTE_HITM"},
    // AMD's cores tell where a fill came from, not in which state it was found.
    {"coherence", "fills_from_near_cache", kZen2,
     "DATA_CACHE_REFILLS_FROM_SYSTEM:LS_MABRESP_LCL_CACHE"},
    {"coherence", "fills_from_near_cache", kZen3, "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:INT_CACHE"},
    {"coherence", "fills_from_near_cache", kZen4, "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:LOCAL_CCX"},
    {"coherence", "fills_from_far_cache", kZen2,
     "DATA_CACHE_REFILLS_FROM_SYSTEM:LS_MABRESP_RMT_CACHE"},
    {"coherence", "fills_from_far_cache", kZen3, "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:EXT_CACHE_LCL"},
    {"coherence", "fills_from_far_cache", kZen4,
     "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:NEAR_CACHE_NEAR_FAR"},
    {"coherence", "l1d_refills", kArm, "L1D_CACHE_REFILL"},
    {"coherence", "l2d_refills", kArm, "L2D_CACHE_REFILL"},
    {"coherence", "l1d_invalidations", kArm, "L1D_CACHE_INVAL"},
    // Stores that had to fetch the line for themselves: what sharing costs a writer.
    {"coherence", "ownership_misses", kIntelAll, "L2_RQSTS:RFO_MISS"},
    {"coherence", "order_clears", kIntelAll, "MACHINE_CLEARS:MEMORY_ORDERING"},
    {"coherence", "cache_misses", kAny, "CACHE-MISSES"},

    {"tlb", "load_walks", kIntelAll, "DTLB_LOAD_MISSES:WALK_COMPLETED"},
    {"tlb", "store_walks", kIntelAll, "DTLB_STORE_MISSES:WALK_COMPLETED"},
    {"tlb", "fetch_walks", kIntelAll, "ITLB_MISSES:WALK_COMPLETED"},
    {"tlb", "flushes", kIntelFlushes, "TLB_FLUSH:STLB_ANY"},
    {"tlb", "data_walks", kZen,
     "L1_DTLB_MISS:TLB_RELOAD_4K_L2_MISS:TLB_RELOAD_2M_L2_MISS:TLB_RELOAD_1G_L2_MISS:"
     "TLB_RELOAD_COALESCED_PAGE_MISS"},
    {"tlb", "data_walks", kArm, "DTLB_WALK"},
    {"tlb", "fetch_walks", kZen, "L1_ITLB_MISS_L2_ITLB_MISS:IF4K:IF2M:IF1G"},
    {"tlb", "fetch_walks", kArm, "ITLB_WALK"},
    {"tlb", "flushes", kZen, "TLB_FLUSHES:ALL"},
    {"tlb", "load_misses", kAny, "dTLB-LOAD-MISSES"},

    {"frontend", "cycles", kIntelAll, "UNHALTED_CORE_CYCLES"},
    {"frontend", "cycles", kZen, "CYCLES_NOT_IN_HALT"},
    {"frontend", "cycles", kArm, "CPU_CYCLES"},
    {"frontend", "cycles", kAny, "CYCLES"},
    {"frontend", "instructions", kIntelAll, "INSTRUCTION_RETIRED"},
    {"frontend", "instructions", kZen, "RETIRED_INSTRUCTIONS"},
    {"frontend", "instructions", kArm, "INST_RETIRED"},
    {"frontend", "instructions", kAny, "INSTRUCTIONS"},
    {"frontend", "starved_cycles", kIntelAll, "IDQ_UOPS_NOT_DELIVERED:CYCLES_0_UOPS_DELIV_CORE"},
    {"frontend", "starved_cycles", kZen2, "UOPS_QUEUE_EMPTY"},
    {"frontend", "starved_cycles", kArm, "STALL_FRONTEND"},
    {"frontend", "starved_cycles", kAny, "STALLED-CYCLES-FRONTEND"},
    {"frontend", "mispredicted", kIntelAll, "BR_MISP_RETIRED:ALL_BRANCHES"},
    {"frontend", "mispredicted", kZen, "RETIRED_BRANCH_INSTRUCTIONS_MISPREDICTED"},
    {"frontend", "mispredicted", kArm, "BR_MIS_PRED"},
    {"frontend", "mispredicted", kAny, "BRANCH-MISSES"},
});

constexpr auto kSoftware = std::to_array<SoftwareCounter>({
    {"task_clock_ns", PERF_COUNT_SW_TASK_CLOCK, false},
    {"context_switches", PERF_COUNT_SW_CONTEXT_SWITCHES, false},
    {"cpu_migrations", PERF_COUNT_SW_CPU_MIGRATIONS, false},
    {"minor_faults", PERF_COUNT_SW_PAGE_FAULTS_MIN, true},
    {"major_faults", PERF_COUNT_SW_PAGE_FAULTS_MAJ, true},
});

bool on_one_of(const CounterRow& row, std::span<const std::string> present) {
  return std::ranges::any_of(words_of(row.pmus), [&](std::string_view pmu) {
    return std::ranges::find(present, pmu) != present.end();
  });
}

}  // namespace

std::span<const CounterRow> counter_rows() { return kRows; }
std::span<const SoftwareCounter> software_counters() { return kSoftware; }

std::vector<std::string> counter_groups() {
  std::vector<std::string> groups{std::string(kSchedulingGroup)};
  for (const CounterRow& row : kRows) {
    if (groups.back() != row.group) groups.emplace_back(row.group);
  }
  return groups;
}

std::vector<std::string_view> counters_of(std::string_view group) {
  std::vector<std::string_view> counters;
  if (group == kSchedulingGroup) {
    for (const SoftwareCounter& each : kSoftware) counters.push_back(each.counter);
  }
  for (const CounterRow& row : kRows) {
    if (row.group != group || std::ranges::find(counters, row.counter) != counters.end()) continue;
    counters.push_back(row.counter);
  }
  return counters;
}

std::optional<CounterRow> row_for(std::string_view group, std::string_view counter,
                                  std::span<const std::string> present) {
  const auto found = std::ranges::find_if(kRows, [&](const CounterRow& row) {
    return row.group == group && row.counter == counter && on_one_of(row, present);
  });
  return found == kRows.end() ? std::nullopt : std::optional(*found);
}

}  // namespace ipcmark
