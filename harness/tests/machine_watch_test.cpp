#include "harness/machine_watch.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/binding.hpp"
#include "harness/rung_watch.hpp"
#include "harness/tests/fake_root.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

using Cpus = std::vector<int>;

// CPU 1 is offline and has no column.
constexpr const char* kX86 =
    "           CPU0       CPU2       CPU3       \n"
    "  1:          9          0          0  IR-IO-APIC    1-edge      i8042\n"
    " 24:       1187       4437          0 PCI-MSIX-0000:00:03.0   1-edge      eth0-rx\n"
    "NMI:          0          0          0   Non-maskable interrupts\n"
    "LOC:      26639      22837      11111   Local timer interrupts\n"
    "RES:      12028       6841          5   Rescheduling interrupts\n"
    "CAL:      58125      24331          7   Function call interrupts\n"
    "TLB:       2469       1819          3   TLB shootdowns\n"
    "ERR:          0\n"
    "MIS:          0\n";

constexpr const char* kArm64 =
    "           CPU0       CPU1       \n"
    " 11:      50123      40456     GICv3  27 Level     arch_timer\n"
    " 14:          7          0     GICv3  78 Edge      ACPI:Ged\n"
    "IPI0:      1500       1600       Rescheduling interrupts\n"
    "IPI1:     20000      30000       Function call interrupts\n"
    "IPI2:         0          0       CPU stop interrupts\n"
    "IPI4:         9          9       Timer broadcast interrupts\n"
    "Err:          0\n";

constexpr const char* kStat =
    "cpu  4995 0 3729 174479 572 0 102 21 0 0\n"
    "cpu0 2433 0 1392 87997 28 0 6 4 0 0\n"
    "cpu1 2561 0 2336 86482 543 0 95 17 0 0\n"
    "cpu10 1 0 1 1 1 0 1 1000 0 0\n"
    "intr 245953 0 0\n";

TEST(InterruptsTest, x86_rows_are_summed_over_the_cpus_asked_for) {
  const MachineCounts counts = parse_interrupts(kX86, Cpus{2, 3});
  EXPECT_EQ(counts.timer_interrupts, 22837U + 11111U);
  EXPECT_EQ(counts.reschedules, 6841U + 5U);
  EXPECT_EQ(counts.function_calls, 24331U + 7U);
  EXPECT_EQ(counts.tlb_shootdowns, 1819U + 3U);
  EXPECT_FALSE(counts.steal_ns.has_value());
}

TEST(InterruptsTest, arm64_rows_are_found_by_what_they_are_called) {
  const MachineCounts counts = parse_interrupts(kArm64, Cpus{1});
  EXPECT_EQ(counts.timer_interrupts, 40456U);
  EXPECT_EQ(counts.reschedules, 1600U);
  EXPECT_EQ(counts.function_calls, 30000U);
  EXPECT_FALSE(counts.tlb_shootdowns.has_value()) << "missing is not zero";
}

TEST(InterruptsTest, a_cpu_without_a_column_has_no_counts) {
  EXPECT_FALSE(parse_interrupts(kX86, Cpus{0, 1}).reschedules.has_value());
  EXPECT_FALSE(parse_interrupts("", Cpus{0}).reschedules.has_value());
}

TEST(StealTest, is_the_eighth_number_of_the_cpus_line) {
  EXPECT_EQ(parse_steal_ticks(kStat, Cpus{0, 1}), 21U);
  EXPECT_EQ(parse_steal_ticks(kStat, Cpus{1}), 17U);
  EXPECT_FALSE(parse_steal_ticks(kStat, Cpus{0, 2}).has_value());
  EXPECT_FALSE(parse_steal_ticks("cpu0 1 2 3 4 5 6 7\n", Cpus{0}).has_value());
}

TEST(PressureTest, is_the_total_of_some_in_ns) {
  EXPECT_EQ(parse_pressure_ns("some avg10=0.00 avg60=0.00 avg300=0.00 total=123\n"
                              "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"),
            123'000U);
  EXPECT_FALSE(parse_pressure_ns("full avg10=0.00 total=7\n").has_value());
}

TEST(ThrottlingTest, is_read_from_both_versions_of_cgroups) {
  MachineCounts v1, v2;
  parse_throttling("nr_periods 9\nnr_throttled 4\nthrottled_time 5000\n", v1);
  parse_throttling("usage_usec 1\nnr_throttled 4\nthrottled_usec 5\n", v2);
  EXPECT_EQ(v1.throttles, 4U);
  EXPECT_EQ(v1.throttled_ns, 5000U);
  EXPECT_EQ(to_json(v1), to_json(v2));
}

TEST(MachineCountsTest, what_is_missing_or_wrapped_stays_missing) {
  const MachineCounts before{.tlb_shootdowns = 4'294'967'290, .reschedules = 5};
  const MachineCounts after{.tlb_shootdowns = 3, .function_calls = 9, .reschedules = 8};
  const auto object = to_json(after - before);
  EXPECT_EQ(object["reschedules"], 3);
  for (const char* name : {"steal_ns", "tlb_shootdowns", "function_calls", "timer_interrupts"}) {
    EXPECT_TRUE(object.at(name).is_null()) << name;
  }
}

TEST(MachineWatchTest, reads_the_files_again_each_time) {
  const auto root = std::filesystem::path(testing::TempDir()) / "ipcmark_machine_watch";
  std::filesystem::create_directories(root / "proc");
  std::ofstream(root / "proc/interrupts") << kX86;
  std::ofstream(root / "proc/stat") << kStat;
  MachineWatch watch(Cpus{0, 0}, root);
  const MachineCounts before = watch.read();
  EXPECT_EQ(before.reschedules, 12028U);
  EXPECT_EQ(before.steal_ns, 40'000'000U);
  std::ofstream(root / "proc/stat") << "cpu0 0 0 0 0 0 0 0 5\n";
  EXPECT_EQ((watch.read() - before).steal_ns, 10'000'000U);
  std::filesystem::remove_all(root);
}

TEST(MachineWatchTest, heat_is_counted_and_temperature_is_the_later_one) {
  const FakeRoot root;
  root.put("sys/class/thermal/thermal_zone0/type", "acpitz\n");
  root.put("sys/class/thermal/thermal_zone0/temp", "99000\n");
  root.put("sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n");
  root.put("sys/class/thermal/thermal_zone1/temp", "41000\n");
  root.put("sys/class/hwmon/hwmon3/name", "k10temp\n");
  root.put("sys/class/hwmon/hwmon3/temp1_input", "39500\n");
  for (const char* cpu : {"cpu0", "cpu2"}) {
    root.put(fmt::format("sys/devices/system/cpu/{}/thermal_throttle/core_throttle_count", cpu),
             "7\n");
  }
  MachineWatch watch(Cpus{0, 2}, root.path());
  const MachineCounts before = watch.read();
  EXPECT_EQ(before.heat_throttles, 14U);
  EXPECT_EQ(before.millidegrees, 41'000U);
  root.put("sys/class/hwmon/hwmon3/temp1_input", "72250\n");
  root.put("sys/devices/system/cpu/cpu2/thermal_throttle/core_throttle_count", "9\n");
  const MachineCounts change = watch.read() - before;
  EXPECT_EQ(change.heat_throttles, 2U);
  EXPECT_EQ(change.millidegrees, 72'250U);
  MachineWatch one_unknown(Cpus{0, 1}, root.path());
  EXPECT_FALSE(one_unknown.read().heat_throttles.has_value()) << "not the half of it";
}

TEST(RungWatchTest, visits_add_up_and_the_temperature_is_the_last_ones) {
  const FakeRoot root;
  root.put("sys/class/hwmon/hwmon3/name", "k10temp\n");
  root.put("sys/class/hwmon/hwmon3/temp1_input", "41000\n");
  MachineWatch machine(Cpus{0}, root.path());
  RungWatch watch;
  for (int visit = 0; visit < 2; ++visit) {
    watch.begin(machine);
    const std::uint64_t before = watch.counts().watched_ns.value_or(0);
    sleep_until(monotonic_now() + 1'000'000);
    watch.end();
    EXPECT_GE(watch.counts().watched_ns.value_or(0), before + 1'000'000);
  }
  EXPECT_EQ(watch.counts().millidegrees, 41'000U);
}

TEST(MachineWatchTest, without_files_nothing_is_known) {
  MachineWatch watch(Cpus{0}, "/nonexistent");
  EXPECT_EQ(to_json(watch.read()), to_json(MachineCounts{}));
}

TEST(MachineWatchTest, this_machine_never_counts_backwards) {
  MachineWatch watch(bound_cpus());
  const MachineCounts before = watch.read();
  const MachineCounts change = watch.read() - before;
  EXPECT_EQ(before.steal_ns.has_value(), change.steal_ns.has_value());
  EXPECT_EQ(before.reschedules.has_value(), change.reschedules.has_value());
}

}  // namespace
}  // namespace ipcmark
