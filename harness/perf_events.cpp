#include "harness/perf_events.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "harness/counter_names.hpp"
#include "harness/fact_parsers.hpp"
#include "harness/text_file.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

namespace {

// "cpu", "cpu_core" beside "cpu_atom", or "armv8_pmuv3_0": what counts a core's own events.
bool kernel_has_pmu() {
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator("/sys/bus/event_source/devices", none)) {
    const std::string name = entry.path().filename();
    if (name == "cpu" || name == "cpu_core" || name.starts_with("armv")) return true;
  }
  return false;
}

class KernelPerfEvents : public PerfEvents {
 public:
  [[nodiscard]] PerfFacts facts() const override {
    const auto said = [](const char* file) { return read_knob(file).value_or(""); };
    return {.pmus = present_pmus(),
            .has_pmu = kernel_has_pmu(),
            .hypervisor = hypervisor(
                said("/proc/cpuinfo"),
                said("/sys/class/dmi/id/sys_vendor") + " " + said("/sys/class/dmi/id/product_name"),
                said("/sys/devices/system/clocksource/clocksource0/available_clocksource")),
            .paranoid = said("/proc/sys/kernel/perf_event_paranoid"),
            .nmi_watchdog = said("/proc/sys/kernel/nmi_watchdog")};
  }

  [[nodiscard]] int open(const perf_event_attr& attr, int leader) override {
    perf_event_attr asked = attr;
    asked.size = sizeof asked;
    const long fd = ::syscall(SYS_perf_event_open, &asked, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
    return fd >= 0 ? static_cast<int>(fd) : -errno;
  }

  void start(int leader) override {
    check(::ioctl(leader, PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP), "ioctl of a counter");
    check(::ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP), "ioctl of a counter");
  }

  void stop(int leader) override {
    check(::ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP), "ioctl of a counter");
  }

  [[nodiscard]] std::size_t read(int leader, std::span<std::uint64_t> words) override {
    const auto got = check(::read(leader, words.data(), words.size_bytes()), "read of a counter");
    return static_cast<std::size_t>(got) / sizeof(std::uint64_t);
  }
};

PerfEvents* stand_in = nullptr;

bool permission(int error) { return error == EACCES || error == EPERM; }
bool absent(int error) { return error == ENOENT || error == ENODEV || error == EOPNOTSUPP; }

std::string guest_of(const PerfFacts& facts) {
  if (facts.hypervisor.empty() || facts.hypervisor == "none") return "";
  return fmt::format("; {} gives this guest none",
                     facts.hypervisor == "unknown" ? "the hypervisor" : facts.hypervisor);
}

}  // namespace

PerfEvents& perf_events() {
  static KernelPerfEvents kernel;
  return stand_in != nullptr ? *stand_in : kernel;
}

void replace_perf_events(PerfEvents* recorded) { stand_in = recorded; }

std::string perf_refusal(int error, const PerfFacts& facts) {
  std::string why;
  if (permission(error)) {
    why = fmt::format("kernel.perf_event_paranoid {}: 2 allows user code's, 1 the kernel's too",
                      facts.paranoid.empty() ? "not there" : facts.paranoid);
  } else if (absent(error) && !facts.has_pmu) {
    why = fmt::format("no PMU for the CPU in /sys/bus/event_source/devices{}", guest_of(facts));
  } else if (absent(error)) {
    why = "this CPU's PMU has no such event";
  } else if (error == EINVAL || error == ENOSPC) {
    why = "more than the PMU has counters for, or a combination that it cannot count";
  } else if (error == EBUSY) {
    why = "somebody else holds the counters";
  }
  return fmt::format("perf_event_open: {}{}", std::strerror(error),
                     why.empty() ? "" : fmt::format(" ({})", why));
}

std::string perf_remedy(int error, const PerfFacts& facts) {
  if (permission(error)) return "sysctl kernel.perf_event_paranoid=1, or CAP_PERFMON";
  if (!absent(error) || facts.has_pmu) return "";
  return guest_of(facts).empty() ? "a kernel with the driver of this CPU's PMU"
                                 : "a virtual PMU from the host (libvirt: <pmu state='on'/>), or "
                                   "bare metal";
}

}  // namespace ipcmark
