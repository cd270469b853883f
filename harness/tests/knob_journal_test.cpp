#include "harness/knob_journal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/tests/machines.hpp"
#include "harness/tunable.hpp"
#include "harness/tuning.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

class Knobs : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { root_.put(name, text); }
  [[nodiscard]] std::string read(const std::string& name) const {
    return knob_value(root_.path() / name).value_or("(gone)");
  }
  [[nodiscard]] Restored restore() const { return restore_knobs(journal(), root_.path()); }
  [[nodiscard]] fs::path journal() const { return root_.path() / "state/knobs"; }
  // A process that tunes the machine and then does `end`; its wait status.
  [[nodiscard]] int tuner(void (*end)()) const {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const Tuning tuning(journal(), root_.path());
        end();
      } catch (const std::exception&) {
        ::_exit(7);
      }
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }

  FakeRoot root_;
};

constexpr const char* kThp = "sys/kernel/mm/transparent_hugepage/enabled";
constexpr const char* kNuma = "proc/sys/kernel/numa_balancing";
constexpr const char* kWatchdog = "proc/sys/kernel/nmi_watchdog";

TEST_F(Knobs, go_back_to_what_they_were_before_the_first_change) {
  write(kNuma, "3");
  write("state/knobs", "/proc/sys/kernel/numa_balancing 1\n/proc/sys/kernel/numa_balancing 2\n");
  EXPECT_EQ(restore().lines, (Lines{"restored /proc/sys/kernel/numa_balancing to 2",
                                    "restored /proc/sys/kernel/numa_balancing to 1"}));
  EXPECT_EQ(read(kNuma), "1");
  EXPECT_FALSE(fs::exists(journal()));
}

TEST_F(Knobs, that_cannot_be_written_stay_in_the_journal_and_leave_others_restored) {
  write(kNuma, "0");
  write("state/knobs", "/proc/sys/kernel/nmi_watchdog 1\n/proc/sys/kernel/numa_balancing 1\n");
  const Restored restored = restore();
  EXPECT_FALSE(restored.complete);
  EXPECT_EQ(restored.lines.back(),
            "cannot restore /proc/sys/kernel/nmi_watchdog to 1: open: No such file or directory");
  EXPECT_EQ(read(kNuma), "1");
  EXPECT_EQ(read("state/knobs"), "/proc/sys/kernel/nmi_watchdog 1");
}

TEST_F(Knobs, are_those_of_the_table_and_nothing_else) {
  for (const char* file : {"etc/passwd", "proc/sys/kernel/core_pattern"}) write(file, "mine");
  write("state/knobs",
        "/etc/passwd theirs\n/proc/sys/kernel/core_pattern theirs\nnonsense\n"
        "/sys/devices/system/cpu/cpu/../../../../etc/passwd theirs\n");
  EXPECT_TRUE(restore().lines.empty());
  for (const char* file : {"etc/passwd", "proc/sys/kernel/core_pattern"}) {
    EXPECT_EQ(read(file), "mine");
  }
  static_assert(is_tunable("/sys/devices/system/cpu/cpu12/cpufreq/scaling_governor"));
  static_assert(!is_tunable("/sys/devices/system/cpu/cpu1x/cpufreq/scaling_governor"));
  static_assert(!is_tunable("/sys/devices/system/cpu/cpu12/cpufreq/scaling_max_freq"));
  static_assert(!is_tunable("/proc/sys/kernel/randomize_va_space"));
}

TEST_F(Knobs, of_a_journal_that_others_may_write_are_left) {
  write(kNuma, "0");
  write("state/knobs", "/proc/sys/kernel/numa_balancing 1\n");
  ASSERT_EQ(::chmod(journal().c_str(), 0666), 0);
  EXPECT_FALSE(restore().complete);
  EXPECT_EQ(read(kNuma), "0");
}

TEST_F(Knobs, nothing_was_changed_when_there_is_no_journal) {
  EXPECT_TRUE(restore().lines.empty());
  EXPECT_TRUE(restore_knobs("", root_.path()).complete);
}

TEST_F(Knobs, of_an_earlier_boot_are_left_as_the_boot_set_them) {
  write(kNuma, "1");
  write(kWatchdog, "0");
  write("proc/sys/kernel/random/boot_id", "first\n");
  EXPECT_EQ(tuner([] { ::_exit(0); }), 0);  // without a farewell
  EXPECT_EQ(read(kNuma), "0");
  write("proc/sys/kernel/random/boot_id", "second\n");
  EXPECT_EQ(restore().lines, Lines{"the machine was restarted since its knobs were changed"});
  EXPECT_EQ(read(kNuma), "0");
  EXPECT_FALSE(fs::exists(journal()));
}

TEST_F(Knobs, are_put_back_whichever_way_a_tuner_ends) {
  for (const char* machine : {"intel", "amd", "arm", "container", "vm"}) {
    put_machine(root_, machine);
    const auto before = all_values(root_.path());
    const auto same = [&](const char* when) {
      EXPECT_EQ(all_values(root_.path()), before) << machine << " " << when;
    };
    EXPECT_EQ(tuner([] {}), 0);
    same("after an ordinary end");
    EXPECT_EQ(WEXITSTATUS(tuner([] { throw std::runtime_error("full disk"); })), 7);
    same("after an exception");
    for (const int signal : {SIGKILL, SIGSEGV}) {
      const int status = signal == SIGKILL ? tuner([] { ::raise(SIGKILL); }) : tuner([] {
        ::signal(SIGSEGV, SIG_DFL);  // a sanitizer's would report
        ::raise(SIGSEGV);
      });
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
      EXPECT_NE(all_values(root_.path()), before) << "nobody was there to put them back";
      EXPECT_TRUE(restore().complete);
      same("after a signal and the next command");
    }
  }
}

TEST_F(Knobs, of_a_living_run_are_left_to_it) {
  put_machine(root_, "intel");
  const Tuning tuning(journal(), root_.path());
  const pid_t child = ::fork();
  if (child == 0) {
    const Restored restored = restore();
    ::_exit(restored.lines == Lines{"knobs are tuned by a run that lives"} ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read(kNuma), "0") << "still tuned";
}

TEST_F(Knobs, that_refuse_leave_the_others_to_be_set) {
  put_machine(root_, "intel");
  fs::remove(root_.path() / kWatchdog);
  write("proc/elsewhere", "1");
  fs::create_symlink(root_.path() / "proc/elsewhere", root_.path() / kWatchdog);
  const auto before = all_values(root_.path());
  {
    const Tuning tuning(journal(), root_.path());
    const auto lines = tuning_lines(to_json(tuning.changes()));
    const std::string why = "kernel.nmi_watchdog left: open: Too many levels of symbolic links";
    EXPECT_NE(std::ranges::find(lines, why), lines.end()) << nlohmann::json(lines).dump(1);
    EXPECT_EQ(read(kThp), "madvise");
    EXPECT_EQ(read("state/knobs").find("nmi_watchdog"), std::string::npos);
    EXPECT_NE(read("state/knobs").find("/sys/kernel/mm/transparent_hugepage/enabled always"),
              std::string::npos);
  }
  EXPECT_EQ(all_values(root_.path()), before);
}

TEST_F(Knobs, that_the_kernel_moves_along_are_put_back_too) {
  put_machine(root_, "intel");
  const std::string preference =
      "sys/devices/system/cpu/cpu3/cpufreq/energy_performance_preference";
  {
    const Tuning tuning(journal(), root_.path());
    EXPECT_EQ(read(preference), "balance_performance") << "not ours to set";
    write(preference, "performance");  // as intel_pstate does
  }
  EXPECT_EQ(read(preference), "balance_performance");
}

TEST_F(Knobs, are_not_touched_without_a_journal) {
  put_machine(root_, "intel");
  const auto before = all_values(root_.path());
  EXPECT_THROW(Tuning(root_.path() / kNuma / "knobs", root_.path()), std::system_error);
  EXPECT_EQ(all_values(root_.path()), before);
}

}  // namespace
}  // namespace ipcmark
