#include <fmt/format.h>

#include <algorithm>
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
// For a run, and put back after it; or until somebody changes it.
std::string tune_or(std::string_view command) {
  return fmt::format("ipcmark run all --tune; or to stay: {}", command);
}

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

MaybeDoubt one_cpu(const json& facts) {
  const auto online = parse_cpu_list(text(facts, "cpus_online"));
  if (online.size() != 1) return std::nullopt;
  return Doubt{
      "one_cpu",
      fmt::format("1 CPU ({}) is online: both ends share it, and nothing crosses", online.front()),
      "give the machine a second CPU; meanwhile: ipcmark run all --placement same_core"};
}

// The upper half of the cores, each with all its threads: CPUs that share a core share its speed.
// Where the machine does not tell its cores, the upper half of the CPUs.
std::vector<int> worth_isolating(const json& facts, const std::vector<int>& online) {
  std::vector<std::vector<int>> cores;
  const json lists = facts.value("cores", json());
  for (const json& list : lists) cores.push_back(parse_cpu_list(list.get<std::string>()));
  if (cores.size() < 2) {
    cores.clear();
    for (const int cpu : online) cores.push_back({cpu});
  }
  std::vector<int> upper;
  for (std::size_t core = cores.size() / 2; core < cores.size(); ++core) {
    upper.insert(upper.end(), cores[core].begin(), cores[core].end());
  }
  std::ranges::sort(upper);
  return upper;
}

MaybeDoubt not_isolated(const json& facts) {
  const auto online = parse_cpu_list(text(facts, "cpus_online"));
  const std::string isolated = text(facts, "cpus_isolated");
  const auto count = parse_cpu_list(isolated).size();
  if (count >= 2 || online.size() < 2) return std::nullopt;
  const std::string list = format_cpu_list(worth_isolating(facts, online));
  const std::string remedy = fmt::format(
      "add isolcpus=domain,managed_irq,{0} nohz_full={0} rcu_nocbs={0} to the kernel's command "
      "line and reboot",
      list);
  if (count == 1) {
    return Doubt{"not_isolated",
                 fmt::format("1 of the {} CPUs ({}) is isolated: the other end shares its own",
                             online.size(), isolated),
                 remedy};
  }
  return Doubt{"not_isolated",
               fmt::format("none of the {} CPUs is isolated: other tasks run on the measured ones",
                           online.size()),
               remedy};
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
               "ipcmark run all --idle c1"};
}

MaybeDoubt governor(const json& facts) {
  const json governors = facts.value("governor", json());
  if (!governors.is_object()) return std::nullopt;
  for (const auto& [name, cpus] : governors.items()) {
    if (name == "performance") continue;
    return Doubt{"governor", fmt::format("governor is {} on {} CPUs", name, cpus.get<int>()),
                 tune_or("echo performance | tee "
                         "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")};
  }
  return std::nullopt;
}

MaybeDoubt turbo(const json& facts) {
  if (text(facts, "intel_pstate_no_turbo") == "0") {
    return Doubt{"turbo", "turbo is on (no_turbo is 0): speed follows heat and neighbours",
                 tune_or("echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo")};
  }
  if (text(facts, "cpufreq_boost") != "1") return std::nullopt;
  return Doubt{"turbo", "boost is on (cpufreq/boost is 1): speed follows heat and neighbours",
               tune_or("echo 0 > /sys/devices/system/cpu/cpufreq/boost")};
}

MaybeDoubt virtual_machine(const json& facts) {
  const std::string name = text(facts, "hypervisor");
  if (name.empty() || name == "none") return std::nullopt;
  return Doubt{"virtual_machine",
               fmt::format("a virtual machine ({}): the host moves and stops its CPUs", name),
               "run on bare metal; meanwhile: ipcmark run all --idle polling"};
}

MaybeDoubt emulated(const json& facts) {
  const std::string name = text(facts, "emulator");
  if (name.empty()) return std::nullopt;
  return Doubt{"emulated",
               fmt::format("{} carries out this program's instructions: no time is a CPU's", name),
               "run a program that was built for this machine's own CPU"};
}

MaybeDoubt in_container(const json& facts) {
  const std::string name = text(facts, "container");
  if (name.empty()) return std::nullopt;
  return Doubt{
      "container",
      fmt::format("a container ({}): what else the host runs cannot be seen from here", name),
      "run on the host; meanwhile give the container CPUs of its own (--cpuset-cpus)"};
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
      text(facts, "container").empty()
          ? "echo max > /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cpu.max"
          : "start the container without a limit on CPU time"};
}

MaybeDoubt thp(const json& facts) {
  if (text(facts, "thp_enabled").find("[always]") == std::string::npos) return std::nullopt;
  return Doubt{"thp", "transparent huge pages are 'always': a buffer's page size is luck",
               tune_or("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")};
}

MaybeDoubt numa_balancing(const json& facts) {
  const std::string level = text(facts, "kernel.numa_balancing");
  if (number(level) == 0) return std::nullopt;
  return Doubt{
      "numa_balancing",
      fmt::format("kernel.numa_balancing is {}: pages are unmapped to see who uses them", level),
      tune_or("sysctl kernel.numa_balancing=0")};
}

MaybeDoubt nmi_watchdog(const json& facts) {
  if (text(facts, "kernel.nmi_watchdog") != "1") return std::nullopt;
  return Doubt{"nmi_watchdog",
               "kernel.nmi_watchdog is 1: it holds a counter of each CPU and interrupts by it",
               tune_or("sysctl kernel.nmi_watchdog=0")};
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

// What changes the kernel or its services is said of the host where a container has neither.
struct About {
  MaybeDoubt (*find)(const json& facts);
  bool of_the_host = false;
};

constexpr About kAboutFacts[] = {{one_cpu},
                                 {not_isolated, true},
                                 {irqbalance, true},
                                 {deep_c_states},
                                 {governor, true},
                                 {turbo, true},
                                 {virtual_machine},
                                 {emulated},
                                 {in_container},
                                 {swap_in_use, true},
                                 {steal},
                                 {perf_paranoid, true},
                                 {cgroup_quota},
                                 {thp, true},
                                 {numa_balancing, true},
                                 {nmi_watchdog, true},
                                 {clocksource, true},
                                 {invariant_counter}};

}  // namespace

json to_json(const Doubt& doubt) {
  return {{"check", doubt.check}, {"message", doubt.message}, {"remedy", doubt.remedy}};
}

std::vector<Doubt> doubts_about(const json& facts, const BuildInfo& build) {
  std::vector<Doubt> doubts;
  const bool contained = !text(facts, "container").empty();
  for (const About& about : kAboutFacts) {
    MaybeDoubt doubt = about.find(facts);
    if (!doubt) continue;
    if (contained && about.of_the_host) doubt->remedy.insert(0, "on the host: ");
    doubts.push_back(std::move(*doubt));
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
