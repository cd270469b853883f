#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/checks.hpp"
#include "harness/cpu_list.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;
using MaybeDoubt = std::optional<Doubt>;

// Idle states up to this are no deeper than what `idle = c1` allows.
constexpr int kShallowUs = 2;

std::string text(const json& facts, const char* name) {
  const auto found = facts.find(name);
  return found != facts.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Leading whole number of a knob ("2048 kB"), or 0: what is not there raises no doubt.
std::uint64_t number(const std::string& knob) {
  std::uint64_t value = 0;
  for (const char digit : knob) {
    if (digit < '0' || digit > '9') break;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

MaybeDoubt not_isolated(const json& facts) {
  const auto online = parse_cpu_list(text(facts, "cpus_online"));
  if (!text(facts, "cpus_isolated").empty() || online.empty()) return std::nullopt;
  const std::vector<int> upper(online.begin() + static_cast<std::ptrdiff_t>(online.size() / 2),
                               online.end());
  const std::string list = format_cpu_list(upper);
  return Doubt{"not_isolated",
               fmt::format("none of the {} CPUs is isolated: other tasks run on the measured ones",
                           online.size()),
               fmt::format("add isolcpus=domain,managed_irq,{0} nohz_full={0} rcu_nocbs={0} to the "
                           "kernel's command line and reboot",
                           list)};
}

MaybeDoubt irqbalance(const json& facts) {
  const json pid = facts.value("irqbalance_pid", json());
  if (!pid.is_number()) return std::nullopt;
  return Doubt{"irqbalance",
               fmt::format("irqbalance runs (pid {}) and may move interrupts to the measured CPUs",
                           pid.get<int>()),
               "systemctl stop irqbalance"};
}

MaybeDoubt deep_c_states(const json& facts) {
  std::string deepest;
  std::uint64_t deepest_us = kShallowUs;
  for (const json& state : facts.value("idle_states", json::array())) {
    const std::uint64_t us = number(text(state, "latency_us"));
    if (us <= deepest_us || text(state, "disabled") == "1") continue;
    deepest = text(state, "name");
    deepest_us = us;
  }
  if (deepest.empty()) return std::nullopt;
  return Doubt{"deep_c_states",
               fmt::format("idle state {} takes {} us to leave", deepest, deepest_us),
               "ipcmark run --idle c1"};
}

MaybeDoubt governor(const json& facts) {
  const json governors = facts.value("governor", json());
  if (!governors.is_object()) return std::nullopt;
  for (const auto& [name, cpus] : governors.items()) {
    if (name == "performance") continue;
    return Doubt{"governor", fmt::format("governor is {} on {} CPUs", name, cpus.get<int>()),
                 "cpupower frequency-set -g performance"};
  }
  return std::nullopt;
}

MaybeDoubt turbo(const json& facts) {
  if (text(facts, "intel_pstate_no_turbo") == "0") {
    return Doubt{"turbo", "turbo is on (no_turbo is 0): speed follows heat and neighbours",
                 "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"};
  }
  if (text(facts, "cpufreq_boost") != "1") return std::nullopt;
  return Doubt{"turbo", "boost is on (cpufreq/boost is 1): speed follows heat and neighbours",
               "echo 0 > /sys/devices/system/cpu/cpufreq/boost"};
}

MaybeDoubt virtual_machine(const json& facts) {
  const std::string name = text(facts, "hypervisor");
  if (name.empty() || name == "none") return std::nullopt;
  return Doubt{"virtual_machine",
               fmt::format("a virtual machine ({}): the host moves and stops its CPUs", name),
               "run on bare metal; meanwhile: ipcmark run --idle polling"};
}

MaybeDoubt swap_in_use(const json& facts) {
  const json memory = facts.value("memory", json::object());
  const std::uint64_t total = number(text(memory, "SwapTotal"));
  const std::uint64_t free = number(text(memory, "SwapFree"));
  if (total <= free) return std::nullopt;
  return Doubt{"swap_in_use", fmt::format("{} KiB of swap are in use", total - free), "swapoff -a"};
}

MaybeDoubt steal(const json& facts) {
  const json ppm = facts.value("steal_ppm_since_boot", json());
  if (!ppm.is_number() || ppm.get<double>() <= 0) return std::nullopt;
  return Doubt{
      "steal",
      fmt::format("the host took {:.3f} % of CPU time since boot", ppm.get<double>() / 1e4),
      "run on a host, or on physical CPUs, of its own"};
}

MaybeDoubt perf_paranoid(const json& facts) {
  constexpr std::uint64_t kSysAdmin = std::uint64_t{1} << 21;
  constexpr std::uint64_t kPerfmon = std::uint64_t{1} << 38;
  const std::string level = text(facts, "kernel.perf_event_paranoid");
  const std::string capabilities = text(facts.value("process", json::object()), "CapEff");
  const std::uint64_t held = capabilities.empty() ? 0 : std::stoull(capabilities, nullptr, 16);
  if (number(level) < 2 || (held & (kSysAdmin | kPerfmon)) != 0) return std::nullopt;
  return Doubt{
      "perf_paranoid",
      fmt::format("kernel.perf_event_paranoid is {}: no counts of the kernel's part", level),
      "sysctl kernel.perf_event_paranoid=1"};
}

MaybeDoubt cgroup_quota(const json& facts) {
  const std::string limit = text(facts, "cgroup_cpu_max");
  const auto words = words_of(limit);
  if (words.size() != 2 || words[0] == "max") return std::nullopt;
  return Doubt{
      "cgroup_quota",
      fmt::format("the cgroup stops us after {} us of CPU time in each {} us", words[0], words[1]),
      "echo max > /sys/fs/cgroup/<group>/cpu.max"};
}

MaybeDoubt thp(const json& facts) {
  if (text(facts, "thp_enabled").find("[always]") == std::string::npos) return std::nullopt;
  return Doubt{"thp", "transparent huge pages are 'always': a buffer's page size is luck",
               "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"};
}

MaybeDoubt numa_balancing(const json& facts) {
  const std::string level = text(facts, "kernel.numa_balancing");
  if (number(level) == 0) return std::nullopt;
  return Doubt{
      "numa_balancing",
      fmt::format("kernel.numa_balancing is {}: pages are unmapped to see who uses them", level),
      "sysctl kernel.numa_balancing=0"};
}

MaybeDoubt clocksource(const json& facts) {
  const std::string source = text(facts, "clocksource");
  if (source.empty() || source == "tsc" || source == "arch_sys_counter") return std::nullopt;
  return Doubt{
      "clocksource",
      fmt::format("clocksource is {}: the kernel does not trust the CPU's counter", source),
      "boot with tsc=reliable if the counter is known to be good"};
}

MaybeDoubt invariant_counter(const json& facts) {
  if (facts.value("invariant_counter", true)) return std::nullopt;
  return Doubt{"invariant_counter", "the CPU does not promise that its counter runs at one rate",
               "run on a CPU with constant_tsc and nonstop_tsc"};
}

constexpr std::array kAboutFacts = {not_isolated,  irqbalance,       deep_c_states, governor,
                                    turbo,         virtual_machine,  swap_in_use,   steal,
                                    perf_paranoid, cgroup_quota,     thp,           numa_balancing,
                                    clocksource,   invariant_counter};

}  // namespace

json to_json(const Doubt& doubt) {
  return {{"check", doubt.check}, {"message", doubt.message}, {"remedy", doubt.remedy}};
}

std::vector<Doubt> doubts_about(const json& facts, const BuildInfo& build) {
  std::vector<Doubt> doubts;
  for (const auto about : kAboutFacts) {
    if (MaybeDoubt doubt = about(facts)) doubts.push_back(std::move(*doubt));
  }
  if (build.dirty()) {
    doubts.push_back({"dirty_tree",
                      fmt::format("built from a tree with uncommitted changes ({})", build.commit),
                      "git stash, and build again"});
  }
  return doubts;
}

std::vector<Doubt> doubts_about(const ClockFacts& clock) {
  if (clock.calibration_error_ppm <= kCalibrationWarnPpm) return {};
  return {{"clock_calibration",
           fmt::format("the clock's rate is uncertain by {:.0f} ppm (wanted: {:.0f})",
                       clock.calibration_error_ppm, kCalibrationWarnPpm),
           "stop what else runs, and run again"}};
}

}  // namespace ipcmark
