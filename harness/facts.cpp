#include "harness/facts.hpp"

#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "harness/clock_sync.hpp"
#include "harness/fact_parsers.hpp"
#include "harness/knobs.hpp"
#include "harness/siphash.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;
using std::filesystem::path;

json knob(const path& file) {
  const auto text = read_knob(file);
  return text ? json(*text) : json();
}

// Firmware writes what it likes; JSON must be UTF-8, and writing it throws otherwise.
json printable(const json& facts) {
  return json::parse(facts.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string knob_text(const json& knob_or_null) {
  return knob_or_null.is_string() ? knob_or_null.get<std::string>() : std::string();
}

// Entries of a folder whose names start with `prefix`, sorted: a listing's order is the disk's.
std::vector<path> entries(const path& folder, std::string_view prefix) {
  std::vector<path> found;
  std::error_code unreadable;  // then there are none
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// A per-CPU knob as {value: number of CPUs}, since a machine has hundreds of CPUs and few values.
json counted_over_cpus(const path& root, std::string_view file) {
  std::map<std::string, int> values;
  for (const path& cpu : entries(root / "sys/devices/system/cpu", "cpu")) {
    if (!is_number(cpu.filename().string().substr(3))) continue;
    const auto text = read_knob(cpu / file);
    if (text) ++values[*text];
  }
  return values.empty() ? json() : json(values);
}

// Which CPUs are of one core, each core once, in the order of their first CPUs.
json threads_of_cores(const path& root) {
  std::map<int, std::string> cores;
  for (const path& cpu : entries(root / "sys/devices/system/cpu", "cpu")) {
    const auto siblings = read_knob(cpu / "topology/thread_siblings_list");
    if (siblings && !siblings->empty()) cores[std::atoi(siblings->c_str())] = *siblings;
  }
  json lists;
  for (auto& [first, siblings] : cores) lists.push_back(std::move(siblings));
  return lists;
}

json folder_of_knobs(const path& folder) {
  json knobs;
  for (const path& file : entries(folder, "")) knobs[file.filename().string()] = knob(file);
  return knobs;
}

json idle_states(const path& root) {
  json states;
  for (const path& state : entries(root / "sys/devices/system/cpu/cpu0/cpuidle", "state")) {
    states.push_back({{"name", knob(state / "name")},
                      {"latency_us", knob(state / "latency")},
                      {"disabled", knob(state / "disable")}});
  }
  return states;
}

json huge_pages(const path& root) {
  json pages;
  for (const path& size : entries(root / "sys/kernel/mm/hugepages", "hugepages-")) {
    pages[size.filename().string().substr(10)] = {{"total", knob(size / "nr_hugepages")},
                                                  {"free", knob(size / "free_hugepages")}};
  }
  return pages;
}

// "Name:   value" lines; only the names asked for.
json fields_of(const path& file, const std::set<std::string_view>& names) {
  const auto text = read_text(file);
  json fields = json::object();
  for (const std::string_view line : lines_of(text ? *text : std::string_view())) {
    const auto colon = line.find(':');
    const std::string_view name = trimmed(line.substr(0, colon));
    if (colon == std::string_view::npos || !names.contains(name)) continue;
    fields[std::string(name)] = trimmed(line.substr(colon + 1));
  }
  return fields;
}

// {"Max locked memory": "soft hard"}; names are blank-padded to a fixed width by the kernel.
json limits(const path& root) {
  constexpr std::size_t kNameWidth = 26;
  const auto text = read_text(root / "proc/self/limits");
  json limits = json::object();
  for (const std::string_view line : lines_of(text ? *text : std::string_view())) {
    if (!line.starts_with("Max ") || line.size() < kNameWidth) continue;
    const auto words = words_of(line.substr(kNameWidth));
    if (words.size() < 2) continue;
    limits[std::string(trimmed(line.substr(0, kNameWidth)))] =
        std::string(words[0]) + " " + std::string(words[1]);
  }
  return limits;
}

json process_called(const path& root, std::string_view name) {
  for (const path& process : entries(root / "proc", "")) {
    const std::string pid = process.filename().string();
    if (is_number(pid) && read_knob(process / "comm") == name) return std::stoi(pid);
  }
  return {};
}

json container(const path& root) {
  std::error_code ignored;  // not visible: not in one, as far as can be told
  if (std::filesystem::exists(root / ".dockerenv", ignored)) return "docker";
  if (std::filesystem::exists(root / "run/.containerenv", ignored)) return "podman";
  return knob(root / "run/systemd/container");
}

// Salted with the machine-id, which systemd asks to be kept secret and used like this: the same
// machine has the same hash, and no dictionary of names finds it.
json hashed_hostname(const path& root) {
  const auto name = read_knob(root / "proc/sys/kernel/hostname");
  if (!name) return {};
  const std::string id = read_knob(root / "etc/machine-id").value_or("");
  const HashKey salt = {siphash(id, {0, 0}), siphash(id, {0, 1})};
  return hex(siphash(*name, salt));
}

json steal_ppm(const path& root) {
  const auto text = read_text(root / "proc/stat");
  const auto lines = lines_of(text ? *text : std::string_view());
  if (lines.empty()) return {};
  const auto words = words_of(lines[0]);
  if (words.size() < 9 || words[0] != "cpu") return {};
  double all = 0;
  for (std::size_t i = 1; i < 9; ++i) all += std::stod(std::string(words[i]));
  return all == 0 ? json() : json(1e6 * std::stod(std::string(words[8])) / all);
}

void add_knobs(json& facts, const path& root) {
  for (const Knob& known : kKnobs) facts[std::string(known.name)] = knob(root / known.path);
  for (const Knob& known : kCpuKnobs) {
    facts[std::string(known.name)] = counted_over_cpus(root, known.path);
  }
}

// Only these words of the command line: the rest can be an address, a name or a secret.
json kernel_parameters(const path& root) {
  constexpr const char* kNames[] = {"isolcpus",
                                    "nohz_full",
                                    "rcu_nocbs",
                                    "rcu_nocb_poll",
                                    "irqaffinity",
                                    "kthread_cpus",
                                    "mitigations",
                                    "nosmt",
                                    "idle",
                                    "intel_idle.max_cstate",
                                    "processor.max_cstate",
                                    "cpuidle.off",
                                    "cpuidle.governor",
                                    "intel_pstate",
                                    "amd_pstate",
                                    "cpufreq.off",
                                    "tsc",
                                    "clocksource",
                                    "nohz",
                                    "skew_tick",
                                    "threadirqs",
                                    "preempt",
                                    "nowatchdog",
                                    "nmi_watchdog",
                                    "nosoftlockup",
                                    "transparent_hugepage",
                                    "hugepages",
                                    "hugepagesz",
                                    "default_hugepagesz",
                                    "numa_balancing",
                                    "numa",
                                    "maxcpus",
                                    "nr_cpus",
                                    "init_on_alloc",
                                    "slab_nomerge",
                                    "split_lock_detect",
                                    "cgroup_disable"};
  const auto cmdline = read_text(root / "proc/cmdline");
  if (!cmdline) return {};
  json parameters = json::object();
  for (const char* name : kNames) {
    json value = kernel_parameter(*cmdline, name);
    if (!value.is_null()) parameters[name] = std::move(value);
  }
  return parameters;
}

void add_processor(json& facts, const path& root) {
  const std::string cpuinfo = read_text(root / "proc/cpuinfo").value_or("");
  facts["cpu"] = cpu_identity(cpuinfo);
  facts["microcode"] = fields_of(root / "proc/cpuinfo", {"microcode"}).value("microcode", json());
  facts["invariant_counter"] = has_invariant_counter(cpuinfo);
  facts["hypervisor"] = hypervisor(
      cpuinfo, knob_text(facts["system_vendor"]) + " " + knob_text(facts["system_product"]),
      knob_text(facts["clocksources"]));
}

// How finely timers fire, and the scheduler's tick, 1/HZ, which the coarse clock advances by.
json timers() {
  const auto resolution_ns = [](clockid_t clock) -> json {
    timespec step{};
    if (::clock_getres(clock, &step) != 0) return {};
    return step.tv_sec * 1'000'000'000 + step.tv_nsec;
  };
  return {{"resolution_ns", resolution_ns(CLOCK_MONOTONIC)},
          {"tick_ns", resolution_ns(CLOCK_MONOTONIC_COARSE)}};
}

}  // namespace

json collect_facts(const path& root) {
  json facts;
  add_knobs(facts, root);
  add_processor(facts, root);
  utsname system{};
  facts["arch"] = ::uname(&system) == 0 ? json(system.machine) : json();
  facts["emulator"] = emulator(root);
  facts["libc"] = std::string("glibc ") + ::gnu_get_libc_version();
  facts["timers"] = timers();
  facts["kernel_parameters"] = kernel_parameters(root);
  facts["hostname_hash"] = hashed_hostname(root);
  facts["vulnerabilities"] = folder_of_knobs(root / "sys/devices/system/cpu/vulnerabilities");
  facts["cores"] = threads_of_cores(root);
  facts["idle_states"] = idle_states(root);
  facts["huge_pages"] = huge_pages(root);
  facts["memory"] = fields_of(root / "proc/meminfo", {"MemTotal", "SwapTotal", "SwapFree"});
  facts["process"] = fields_of(root / "proc/self/status",
                               {"Cpus_allowed_list", "Mems_allowed_list", "CapEff", "Seccomp"});
  facts["limits"] = limits(root);
  facts["cgroup_cpu_max"] = cgroup_cpu_limit(root);
  facts["cpus_in_cpuset"] = cgroup_cpuset(root);
  facts["container"] = container(root);
  facts["irqbalance_pid"] = process_called(root, "irqbalance");
  facts["steal_ppm_since_boot"] = steal_ppm(root);
  facts["coherency_line_size"] =
      knob(root / "sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size");
  facts["cpu_dma_latency"] = dma_latency_access(root);
  return printable(facts);
}

}  // namespace ipcmark
