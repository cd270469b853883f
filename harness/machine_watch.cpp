#include "harness/machine_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <numeric>

#include "harness/fact_parsers.hpp"
#include "harness/maybe_count.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

// Columns of the CPUs, or empty if one has none. Offline CPUs have no column, so a column's
// position is not the CPU's number.
std::vector<std::size_t> columns_of(std::string_view header, std::span<const int> cpus) {
  const auto names = words_of(header);
  std::vector<std::size_t> columns;
  for (const int cpu : cpus) {
    const auto found = std::find(names.begin(), names.end(), fmt::format("CPU{}", cpu));
    if (found == names.end()) return {};
    columns.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return columns;
}

// Which count a row belongs to, by its label (x86) or by what the kernel calls it (elsewhere).
Count* slot_for(MachineCounts& counts, std::string_view label, std::string_view rest) {
  const auto called = [&](std::string_view name) { return rest.find(name) != rest.npos; };
  const bool ipi = label.starts_with("IPI");
  if (label == "TLB") return &counts.tlb_shootdowns;
  if (label == "CAL" || (ipi && called("Function call"))) return &counts.function_calls;
  if (label == "RES" || (ipi && called("Rescheduling"))) return &counts.reschedules;
  if (label == "LOC" || called(" arch_timer")) return &counts.timer_interrupts;
  return nullptr;
}

Count sum_of(const std::vector<std::string_view>& words, const std::vector<std::size_t>& columns) {
  std::uint64_t sum = 0;
  for (const std::size_t column : columns) {
    const Count value = column < words.size() ? count_in(words[column]) : std::nullopt;
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum;
}

Fd opened(const std::filesystem::path& path) {
  return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::uint64_t ns_per_tick() {
  return 1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

MachineCounts operator-(const MachineCounts& after, const MachineCounts& before) {
  MachineCounts change;
  for (const auto& [name, count] : kMachineFields) {
    change.*count = difference(after.*count, before.*count);
  }
  change.millidegrees = after.millidegrees;
  return change;
}

nlohmann::json to_json(const MachineCounts& counts) {
  auto object = nlohmann::json::object();
  for (const auto& [name, count] : kMachineFields)
    object[std::string(name)] = or_null(counts.*count);
  return object;
}

nlohmann::json interrupts_to_json(const MachineCounts& counts) {
  auto object = nlohmann::json::object();
  for (const char* row : {"tlb_shootdowns", "function_calls", "reschedules", "timer_interrupts"}) {
    const auto field = std::ranges::find(kMachineFields, row, &MachineField::name);
    object[row] = or_null(counts.*field->count);
  }
  return object;
}

MachineCounts parse_interrupts(std::string_view text, std::span<const int> cpus) {
  MachineCounts counts;
  const auto lines = lines_of(text);
  if (lines.empty()) return counts;
  const auto columns = columns_of(lines[0], cpus);
  if (columns.empty()) return counts;
  for (const std::string_view line : std::span(lines).subspan(1)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view rest = line.substr(colon + 1);
    Count* slot = slot_for(counts, trimmed(line.substr(0, colon)), rest);
    if (slot == nullptr) continue;
    const Count sum = sum_of(words_of(rest), columns);
    if (sum) *slot = slot->value_or(0) + *sum;
  }
  return counts;
}

Count parse_steal_ticks(std::string_view text, std::span<const int> cpus) {
  constexpr std::size_t kStealWord = 8;  // cpuN user nice system idle iowait irq softirq steal
  const auto lines = lines_of(text);
  std::uint64_t sum = 0;
  for (const int cpu : cpus) {
    const std::string start = fmt::format("cpu{} ", cpu);
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&](std::string_view l) { return l.starts_with(start); });
    if (line == lines.end()) return std::nullopt;
    const auto words = words_of(*line);
    const Count ticks = kStealWord < words.size() ? count_in(words[kStealWord]) : std::nullopt;
    if (!ticks) return std::nullopt;
    sum += *ticks;
  }
  return sum;
}

Count parse_pressure_ns(std::string_view text) {
  for (const std::string_view line : lines_of(text)) {
    const auto words = words_of(line);  // some avg10=0.12 avg60=0.10 avg300=0.05 total=123 (us)
    if (words.empty() || words.front() != "some" || !words.back().starts_with("total=")) continue;
    const Count us = count_in(words.back().substr(6));
    return us ? Count(*us * 1000) : std::nullopt;
  }
  return std::nullopt;
}

void parse_throttling(std::string_view text, MachineCounts& counts) {
  for (const std::string_view line : lines_of(text)) {
    const auto words = words_of(line);
    const Count value = words.size() == 2 ? count_in(words[1]) : std::nullopt;
    if (!value) continue;
    if (words[0] == "nr_throttled") counts.throttles = *value;
    if (words[0] == "throttled_time") counts.throttled_ns = *value;         // version 1
    if (words[0] == "throttled_usec") counts.throttled_ns = *value * 1000;  // version 2
  }
}

MachineWatch::MachineWatch(std::vector<int> cpus, const std::filesystem::path& root)
    : cpus_(std::move(cpus)),
      interrupts_(opened(root / "proc/interrupts")),
      stat_(opened(root / "proc/stat")),
      cpu_pressure_(opened(root / "proc/pressure/cpu")),
      memory_pressure_(opened(root / "proc/pressure/memory")),
      cgroup_(opened(cgroup_cpu_stat(root))) {
  std::sort(cpus_.begin(), cpus_.end());
  cpus_.erase(std::unique(cpus_.begin(), cpus_.end()), cpus_.end());
  for (const int cpu : cpus_) {
    heat_throttles_.push_back(opened(
        root /
        fmt::format("sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count", cpu)));
  }
  for (const auto& file : processor_temperatures(root)) temperatures_.push_back(opened(file));
}

MachineCounts MachineWatch::read() {
  MachineCounts counts;
  using Text = std::string_view;
  reread(interrupts_, "read /proc/interrupts",
         [&](Text text) { counts = parse_interrupts(text, cpus_); });
  reread(stat_, "read /proc/stat", [&](Text text) {
    const Count ticks = parse_steal_ticks(text, cpus_);
    if (ticks) counts.steal_ns = *ticks * ns_per_tick();
  });
  reread(cpu_pressure_, "read /proc/pressure/cpu",
         [&](Text text) { counts.cpu_pressure_ns = parse_pressure_ns(text); });
  reread(memory_pressure_, "read /proc/pressure/memory",
         [&](Text text) { counts.memory_pressure_ns = parse_pressure_ns(text); });
  reread(cgroup_, "read cpu.stat", [&](Text text) { parse_throttling(text, counts); });
  const auto throttles = numbers(heat_throttles_);
  if (!throttles.empty() && throttles.size() == cpus_.size())
    counts.heat_throttles = std::accumulate(throttles.begin(), throttles.end(), std::uint64_t{0});
  const auto temperatures = numbers(temperatures_);
  if (!temperatures.empty()) counts.millidegrees = std::ranges::max(temperatures);
  return counts;
}

// A sensor may refuse at any time (EAGAIN, ENODATA): then it is left out.
std::vector<std::uint64_t> MachineWatch::numbers(const std::vector<Fd>& files) {
  std::vector<std::uint64_t> found;
  for (const Fd& file : files) {
    std::array<char, 32> text;
    const ssize_t got = file ? ::pread(file.get(), text.data(), text.size(), 0) : 0;
    if (got <= 0) continue;
    const Count number = count_in(trimmed({text.data(), static_cast<std::size_t>(got)}));
    if (number) found.push_back(*number);
  }
  return found;
}

template <class Take>
void MachineWatch::reread(const Fd& fd, const char* call, Take take) {
  if (!fd) return;
  std::size_t length = 0;
  for (;;) {
    if (buffer_.size() < length + 16384) buffer_.resize(2 * length + 65536);
    const ssize_t got = ::pread(fd.get(), buffer_.data() + length, buffer_.size() - length,
                                static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::generic_category(), call);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  take(std::string_view(buffer_).substr(0, length));
}

}  // namespace ipcmark
