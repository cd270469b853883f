// Events and their names, on PMUs that are not here and on the kernel's own, which are.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/counted_work.hpp"
#include "harness/counter_events.hpp"
#include "harness/counter_groups.hpp"
#include "harness/counter_names.hpp"
#include "harness/counter_plan.hpp"
#include "harness/tests/recorded_perf.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

using Texts = std::vector<std::string>;

bool libpfm() { return why_no_names().empty(); }

// Why PMUs that are not here cannot be played: libpfm4 has the tables of its own architecture only.
std::string why_not_recorded() {
  if (!libpfm()) return std::string(why_no_names());
  for (const char* pmu : {"skx", "amd64_fam19h_zen3"}) {
    if (event_names(Texts{pmu}).empty()) return std::string("libpfm4 here has no table of ") + pmu;
  }
  return {};
}

CounterPlan plan_on(const std::string& machine, const std::string& selection) {
  RecordedPerf perf(machine);
  return plan_counters(selection, perf);
}

// "hitm user, ..." pass by pass.
Texts passes_of(const CounterPlan& plan) {
  Texts all;
  for (const CounterPass& pass : plan.passes) {
    std::string text;
    for (const PlannedCounter& each : pass) {
      text += (text.empty() ? "" : ", ") + each.counter + " " + std::string(word(each.part));
    }
    all.push_back(text);
  }
  return all;
}

TEST(CounterRows, name_events_that_libpfm_knows) {
  if (!libpfm()) GTEST_SKIP() << why_no_names();
  std::size_t checked = 0;
  for (const CounterRow& row : counter_rows()) {
    for (const std::string_view pmu : words_of(row.pmus)) {
      if (event_names(Texts{std::string(pmu)}).empty()) continue;  // another architecture's library
      EXPECT_TRUE(event_code(pmu, row.event)) << pmu << "::" << row.event;
      ++checked;
    }
  }
  EXPECT_GE(checked, 20u);
}

TEST(CounterRows, fit_into_a_report) {
  EXPECT_LE(2 * counters_of(kSchedulingGroup).size(), kMostCounted + 2);
  for (const std::string& group : counter_groups()) EXPECT_GE(counters_of(group).size(), 4u);
}

TEST(CounterPlan, counts_user_code_and_the_kernel_one_after_the_other) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  const CounterPlan plan = plan_on("skx", "frontend");
  EXPECT_EQ(
      passes_of(plan),
      (Texts{"cycles user, instructions user, starved_cycles user, mispredicted user",
             "cycles kernel, instructions kernel, starved_cycles kernel, mispredicted kernel"}));
  EXPECT_TRUE(plan.missing.empty()) << plan.why_missing();
  EXPECT_EQ(plan.events.front(),
            std::pair(std::string("cycles"), std::string("skx::UNHALTED_CORE_CYCLES")));
}

TEST(CounterPlan, what_the_pmu_has_no_counter_for_has_another_pass) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(passes_of(plan_on("skx", "coherence")),
            (Texts{"hitm user, remote_hitm user, ownership_misses user, order_clears user",
                   "cache_misses user",
                   "hitm kernel, remote_hitm kernel, ownership_misses kernel, order_clears kernel",
                   "cache_misses kernel"}));
}

TEST(CounterPlan, an_event_that_the_pmu_refuses_is_missing_with_the_reason) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  const CounterPlan plan = plan_on("skx", "tlb");
  EXPECT_EQ(plan.passes.size(), 2u);  // the kernel's part, and user code's
  EXPECT_NE(plan.why_missing().find("flushes, load_misses: perf_event_open"), std::string::npos);
  EXPECT_NE(plan.why_missing().find("this CPU's PMU has no such event"), std::string::npos)
      << plan.why_missing();
}

TEST(CounterPlan, without_a_pmu_nothing_of_its_groups_counts_and_the_reason_is_said_once) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  const CounterPlan plan = plan_on("zen3_guest", "tlb");
  EXPECT_TRUE(plan.counts_nothing());
  const std::string why = plan.why_missing();
  EXPECT_NE(why.find("kvm gives this guest none"), std::string::npos) << why;
  EXPECT_EQ(why.find("perf_event_open"), why.rfind("perf_event_open")) << why;
  EXPECT_NE(plan.missing.front().remedy.find("bare metal"), std::string::npos);
  EXPECT_EQ(passes_of(plan_on("zen3_guest", "scheduling")).size(), 1u);  // the kernel's own count
}

TEST(CounterPlan, a_paranoid_kernel_is_named_with_its_knob) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  for (const char* group : {"scheduling", "tlb"}) {
    const CounterPlan plan = plan_on("unprivileged", group);
    EXPECT_TRUE(plan.counts_nothing());
    EXPECT_NE(plan.why_missing().find("Permission denied (kernel.perf_event_paranoid 3"),
              std::string::npos)
        << plan.why_missing();
    EXPECT_NE(plan.missing.front().remedy.find("sysctl kernel.perf_event_paranoid=1"),
              std::string::npos);
  }
}

TEST(CounterPlan, half_a_permission_counts_half_and_says_so) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  const CounterPlan plan = plan_on("user_only", "tlb");
  for (const CounterPass& pass : plan.passes) {
    for (const PlannedCounter& each : pass) EXPECT_EQ(each.part, CountedPart::user);
  }
  EXPECT_FALSE(plan.passes.empty());
  EXPECT_NE(plan.why_missing().find("load_walks kernel"), std::string::npos) << plan.why_missing();
}

TEST(CounterPlan, an_event_of_another_cpu_is_told_with_the_nearest_here) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  const CounterPlan plan = plan_on("skx", "amd64_fam19h_zen3::TLB_FLUSHES:ALL");
  EXPECT_TRUE(plan.counts_nothing());
  const std::string why = plan.why_missing();
  EXPECT_NE(why.find("this CPU (skx) has no such event; nearest: "), std::string::npos) << why;
  EXPECT_NE(why.find("TLB_FLUSH"), std::string::npos) << why;
}

TEST(CounterPlan, one_counter_or_event_is_a_selection_too) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(passes_of(plan_on("skx", "hitm")), (Texts{"hitm user", "hitm kernel"}));
  EXPECT_EQ(passes_of(plan_on("skx", "INSTRUCTION_RETIRED")),
            (Texts{"INSTRUCTION_RETIRED user", "INSTRUCTION_RETIRED kernel"}));
  EXPECT_EQ(passes_of(plan_on("skx", "context_switches")), (Texts{"context_switches all"}));
}

TEST(CounterWord, a_wrong_word_is_answered_with_the_nearest) {
  const auto complaint = [](std::string_view text) -> std::string {
    try {
      return "takes " + counter_word(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  EXPECT_EQ(complaint("tbl"), "unknown counter or group `tbl`; did you mean `tlb`?");
  EXPECT_EQ(complaint("context_switch"),
            "unknown counter or group `context_switch`; did you mean `context_switches`?");
  EXPECT_NE(complaint("zzzzzzzzzzzzzzzz").find("valid: none, scheduling"), std::string::npos);
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(complaint("skx::L2_RQSTS:RFO_MISS"), "takes skx::L2_RQSTS:RFO_MISS");
  EXPECT_EQ(complaint("skx::L2_RQSTS:RFO_MIS"),
            "unknown counter or group `skx::L2_RQSTS:RFO_MIS`; did you mean "
            "`skx::L2_RQSTS:RFO_MISS`?");
}

TEST(CounterStatus, has_every_group_with_what_counts_and_why_not) {
  if (const auto why = why_not_recorded(); !why.empty()) GTEST_SKIP() << why;
  RecordedPerf perf("zen3_guest");
  const auto status = counter_status(perf);
  ASSERT_EQ(status.size(), counter_groups().size());
  EXPECT_EQ(status[0]["group"], "scheduling");
  EXPECT_EQ(status[0]["counts"].size(), 7u);
  EXPECT_TRUE(status[0]["missing"].empty()) << status[0].dump();
  EXPECT_TRUE(status[1]["counts"].empty());
  ASSERT_EQ(status[1]["missing"].size(), 1u) << status[1].dump();
  EXPECT_NE(status[1]["missing"][0]["remedy"], "");
}

TEST(Counted, a_group_that_shared_the_pmu_is_dropped_not_scaled) {
  Counted counted;
  counted.enabled_ns = counted.running_ns = 1'000'000;
  EXPECT_EQ(multiplexed(counted, {}), "");
  counted.running_ns = 250'000;
  PerfFacts watched;
  watched.nmi_watchdog = "1";
  EXPECT_EQ(multiplexed(counted, watched),
            "multiplexed: counted during 0.250 of 1.000 ms, dropped; kernel.nmi_watchdog 1 takes "
            "one of its counters");
  counted.running_ns = 0;
  EXPECT_EQ(multiplexed(counted, {}), "the PMU was not to be had, not even for a moment");
}

// The kernel's own events around some work, or nothing where they are forbidden.
template <class Work>
std::map<std::string, std::uint64_t> counted_during(Work work, Counted& counted) {
  const CounterPlan plan = plan_counters("scheduling", perf_events());
  if (plan.passes.size() != 1 || !plan.missing.empty()) return {};
  CountedWork events(plan.passes[0], 0);
  events.begin();
  work();
  events.end();
  counted = events.counted();
  std::map<std::string, std::uint64_t> values;
  for (std::size_t i = 0; i < plan.passes[0].size(); ++i) {
    const PlannedCounter& each = plan.passes[0][i];
    values[each.counter + " " + std::string(word(each.part))] = counted.values[i];
  }
  return values;
}

void touch_pages(std::size_t pages) {
  void* memory =
      ::mmap(nullptr, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, pages * 4096, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < pages; ++i) static_cast<volatile char*>(memory)[i * 4096] = 1;
  ::munmap(memory, pages * 4096);
}

// The accounts are taken around the events: never less, and more only by what the reading of them
// takes and who interrupts it.
TEST(CountedWork, the_kernels_events_agree_with_rusage) {
  constexpr std::uint64_t kSleeps = 20, kPages = 64, kBurnNs = 20'000'000;
  Counted counted;
  const auto values = counted_during(
      [&] {
        for (std::uint64_t i = 0; i < kSleeps; ++i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        touch_pages(kPages);
        const std::uint64_t until = cpu_time_ns(UsageScope::thread) + kBurnNs;
        while (cpu_time_ns(UsageScope::thread) < until) {
        }
      },
      counted);
  if (values.empty()) GTEST_SKIP() << "this machine forbids the kernel's events";
  const Usage& usage = counted.usage;
  const std::uint64_t switches = usage.voluntary_switches + usage.involuntary_switches;
  // One whose time is over before it sleeps does not switch.
  EXPECT_GE(values.at("context_switches all"), kSleeps - kSleeps / 4);
  EXPECT_LE(values.at("context_switches all"), switches);
  EXPECT_LE(switches - values.at("context_switches all"), 4u);
  EXPECT_GE(values.at("minor_faults user"), kPages);
  const std::uint64_t faults = values.at("minor_faults user") + values.at("minor_faults kernel");
  EXPECT_LE(faults, usage.minor_faults);
  EXPECT_LE(usage.minor_faults - faults, 16u);  // of reading /proc
  EXPECT_EQ(values.at("major_faults user"), usage.major_faults);
  // The event's clock leaves out what switching takes, and beside others on the CPU it was seen
  // milliseconds ahead of the scheduler's account: so it is not held against that, but against the
  // CPU time burned and how long its group counted.
  EXPECT_GE(values.at("task_clock_ns all"), kBurnNs - kBurnNs / 4);
  EXPECT_LE(values.at("task_clock_ns all"), counted.enabled_ns);
  EXPECT_EQ(counted.enabled_ns, counted.running_ns);
}

TEST(CountedWork, of_nothing_counts_nothing) {
  for (int attempt = 0;; ++attempt) {
    Counted counted;
    const auto values = counted_during([] {}, counted);
    if (values.empty()) GTEST_SKIP() << "this machine forbids the kernel's events";
    const bool nothing = std::ranges::all_of(values, [](const auto& value) {
      return value.first == "task_clock_ns all" || value.second == 0;
    });
    if (nothing) return;
    ASSERT_LT(attempt, 5) << "an empty section was interrupted six times in a row";
  }
}

}  // namespace
}  // namespace ipcmark
