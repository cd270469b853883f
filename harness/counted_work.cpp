#include "harness/counted_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <system_error>

#include "harness/text_file.hpp"

namespace ipcmark {

namespace {

constexpr const char* kNoFiles = "/dev/null";

}  // namespace

std::string multiplexed(const Counted& counted, const PerfFacts& facts) {
  if (counted.running_ns == counted.enabled_ns) return "";
  const std::string watchdog =
      facts.nmi_watchdog == "1" ? "; kernel.nmi_watchdog 1 takes one of its counters" : "";
  if (counted.running_ns == 0) {
    return fmt::format("the PMU was not to be had, not even for a moment{}", watchdog);
  }
  return fmt::format("multiplexed: counted during {:.3f} of {:.3f} ms, dropped{}",
                     static_cast<double>(counted.running_ns) / 1e6,
                     static_cast<double>(counted.enabled_ns) / 1e6, watchdog);
}

CountedWork::CountedWork(const CounterPass& pass, int cpu) : cpu_(cpu) {
  for (const PlannedCounter& each : pass) {
    const int fd = perf_events().open(each.attr, events_.empty() ? -1 : events_.front().get());
    if (fd < 0) {
      throw std::system_error(-fd, std::generic_category(), "perf_event_open for " + each.counter);
    }
    events_.emplace_back(fd);
  }
}

MachineCounts CountedWork::interrupts() const {
  return parse_interrupts(read_text("/proc/interrupts").value_or(""), std::span(&cpu_, 1));
}

void CountedWork::begin() {
  interrupts_before_ = interrupts();
  const Usage whole = usage_now(UsageScope::thread);
  // Again without the scheduler's files, which take longest to read: close to the first event.
  before_ = usage_now(UsageScope::thread, kNoFiles);
  before_.migrations = whole.migrations;
  before_.run_queue_wait_ns = whole.run_queue_wait_ns;
  if (!events_.empty()) perf_events().start(events_.front().get());
}

void CountedWork::end() {
  if (!events_.empty()) perf_events().stop(events_.front().get());
  counted_.usage = usage_now(UsageScope::thread) - before_;
  counted_.interrupts = interrupts() - interrupts_before_;
  if (events_.empty()) return;
  constexpr std::size_t kHead = 3;  // how many, enabled, running
  std::array<std::uint64_t, kHead + kMostCounted> words{};
  const std::size_t got = perf_events().read(events_.front().get(), words);
  if (got != kHead + events_.size() || words[0] != events_.size()) {
    throw std::runtime_error("a counter's read is short");
  }
  counted_.enabled_ns = words[1];
  counted_.running_ns = words[2];
  std::copy_n(words.begin() + kHead, events_.size(), counted_.values.begin());
}

}  // namespace ipcmark
