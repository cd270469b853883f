#include "harness/machine_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

using Count = std::optional<std::uint64_t>;

Count number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  return whole ? Count(value) : std::nullopt;
}

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
    const Count value = column < words.size() ? number(words[column]) : std::nullopt;
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum;
}

Count difference(const Count& after, const Count& before) {
  if (!after || !before || *after < *before) return std::nullopt;
  return *after - *before;
}

nlohmann::json or_null(const Count& count) {
  return count ? nlohmann::json(*count) : nlohmann::json();
}

int opened(const std::filesystem::path& path) { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }

std::uint64_t ns_per_tick() {
  return 1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

MachineCounts operator-(const MachineCounts& after, const MachineCounts& before) {
  return {.steal_ns = difference(after.steal_ns, before.steal_ns),
          .tlb_shootdowns = difference(after.tlb_shootdowns, before.tlb_shootdowns),
          .function_calls = difference(after.function_calls, before.function_calls),
          .reschedules = difference(after.reschedules, before.reschedules),
          .timer_interrupts = difference(after.timer_interrupts, before.timer_interrupts)};
}

nlohmann::json to_json(const MachineCounts& counts) {
  return {{"steal_ns", or_null(counts.steal_ns)},
          {"tlb_shootdowns", or_null(counts.tlb_shootdowns)},
          {"function_calls", or_null(counts.function_calls)},
          {"reschedules", or_null(counts.reschedules)},
          {"timer_interrupts", or_null(counts.timer_interrupts)}};
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
    const Count ticks = kStealWord < words.size() ? number(words[kStealWord]) : std::nullopt;
    if (!ticks) return std::nullopt;
    sum += *ticks;
  }
  return sum;
}

MachineWatch::MachineWatch(std::vector<int> cpus, const std::filesystem::path& root)
    : cpus_(std::move(cpus)),
      interrupts_fd_(opened(root / "proc/interrupts")),
      stat_fd_(opened(root / "proc/stat")) {
  std::sort(cpus_.begin(), cpus_.end());
  cpus_.erase(std::unique(cpus_.begin(), cpus_.end()), cpus_.end());
}

MachineWatch::~MachineWatch() {
  if (interrupts_fd_ >= 0) ::close(interrupts_fd_);
  if (stat_fd_ >= 0) ::close(stat_fd_);
}

MachineCounts MachineWatch::read() {
  MachineCounts counts;
  if (interrupts_fd_ >= 0) {
    counts = parse_interrupts(reread(interrupts_fd_, "read /proc/interrupts"), cpus_);
  }
  if (stat_fd_ >= 0) {
    const Count ticks = parse_steal_ticks(reread(stat_fd_, "read /proc/stat"), cpus_);
    if (ticks) counts.steal_ns = *ticks * ns_per_tick();
  }
  return counts;
}

std::string_view MachineWatch::reread(int fd, const char* call) {
  std::size_t length = 0;
  for (;;) {
    if (buffer_.size() < length + 16384) buffer_.resize(2 * length + 65536);
    const ssize_t got =
        ::pread(fd, buffer_.data() + length, buffer_.size() - length, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::generic_category(), call);
    if (got == 0) return std::string_view(buffer_).substr(0, length);
    length += static_cast<std::size_t>(got);
  }
}

}  // namespace ipcmark
