// perf_event_open and what is done with its descriptors, as an interface: the kernel's, or a
// recorded one, so that hardware's counters are tested where there are none.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ipcmark {

// What decides whether an event counts, and how it is called.
struct PerfFacts {
  std::vector<std::string> pmus;  // as libpfm4 names them
  bool has_pmu = false;           // the kernel has one for the CPU's own events
  std::string hypervisor;         // "none", or whose guest this is
  std::string paranoid;           // kernel.perf_event_paranoid; empty: not there
  std::string nmi_watchdog;       // kernel.nmi_watchdog: takes one of the counters where it is 1
};

// A group of the calling thread, which is its leader's. Descriptors are closed as any other.
class PerfEvents {
 public:
  virtual ~PerfEvents() = default;
  [[nodiscard]] virtual PerfFacts facts() const = 0;
  // `leader` -1: it leads. A descriptor, or minus the errno.
  [[nodiscard]] virtual int open(const perf_event_attr& attr, int leader) = 0;
  // Counts of the whole group from 0, until it is stopped.
  virtual void start(int leader) = 0;
  virtual void stop(int leader) = 0;
  // Words of PERF_FORMAT_GROUP with both times: how many, enabled, running, a value each in the
  // order of opening. Returns how many words were read.
  [[nodiscard]] virtual std::size_t read(int leader, std::span<std::uint64_t> words) = 0;
};

// The kernel's, or what replaced it.
[[nodiscard]] PerfEvents& perf_events();
// For tests: this process's events are those from now on. It outlives them.
void replace_perf_events(PerfEvents* recorded);

// Why perf_event_open refused, with the knob or the reason: "perf_event_open: Permission denied
// (kernel.perf_event_paranoid 3: ...)".
[[nodiscard]] std::string perf_refusal(int error, const PerfFacts& facts);
// What removes that; empty where nothing that one can set does.
[[nodiscard]] std::string perf_remedy(int error, const PerfFacts& facts);

}  // namespace ipcmark
