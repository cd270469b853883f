#include "harness/fact_parsers.hpp"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "harness/elf_bytes.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;
using std::filesystem::path;

// The value of the first "name : value" line.
std::optional<std::string_view> field(std::string_view cpuinfo, std::string_view name) {
  for (const std::string_view line : lines_of(cpuinfo)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || trimmed(line.substr(0, colon)) != name) continue;
    return trimmed(line.substr(colon + 1));
  }
  return std::nullopt;
}

// A cgroup's limit in version 2's notation; none where there is no such group.
std::optional<std::string> limit_v2(const path& group) { return read_knob(group / "cpu.max"); }

std::optional<std::string> limit_v1(const path& group) {
  const auto quota = read_knob(group / "cpu.cfs_quota_us");
  const auto period = read_knob(group / "cpu.cfs_period_us");
  if (!quota || !period) return std::nullopt;
  return (quota->starts_with('-') ? "max" : *quota) + " " + *period;
}

// A version 1 group without CPUs of its own has its parent's.
std::optional<std::string> cpuset_v1(const path& group) {
  const auto cpus = read_knob(group / "cpuset.effective_cpus");
  return cpus && !cpus->empty() ? cpus : std::nullopt;
}

std::optional<std::string> cpuset_v2(const path& group) {
  return read_knob(group / "cpuset.cpus.effective");
}

// The root group has the file, without these lines.
std::optional<std::string> throttling_in(const path& group) {
  const path file = group / "cpu.stat";
  const auto text = read_text(file);
  if (!text || text->find("nr_throttled") == text->npos) return std::nullopt;
  return file.string();
}

using GroupReader = std::optional<std::string> (*)(const path&);

// What a group and its ancestors say, nearest first. Any level may limit; inside a container the
// group's name may be the host's and not be there, but some ancestor is.
std::vector<std::string> up_from(const path& mount, std::string_view group, GroupReader read) {
  std::vector<std::string> found;
  for (path name = path(group).relative_path();; name = name.parent_path()) {
    if (auto here = read(mount / name)) found.push_back(std::move(*here));
    if (name.empty()) return found;
  }
}

// The same for every hierarchy of the caller that could have the controller.
std::vector<std::string> all_levels(const path& root, std::string_view controller, GroupReader v1,
                                    GroupReader v2) {
  const auto groups = read_text(root / "proc/self/cgroup");
  std::vector<std::string> found;
  for (const std::string_view line : lines_of(groups ? *groups : std::string_view())) {
    const auto first = line.find(':');  // id:controllers:/group
    const auto second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string controllers(line.substr(first + 1, second - first - 1));
    const bool unified = controllers.empty();
    const std::string wrapped = ',' + controllers + ',';
    if (!unified && wrapped.find(',' + std::string(controller) + ',') == wrapped.npos) continue;
    const path mount = root / "sys/fs/cgroup" / controllers;
    auto levels = up_from(mount, line.substr(second + 1), unified ? v2 : v1);
    found.insert(found.end(), levels.begin(), levels.end());
  }
  return found;
}

}  // namespace

json kernel_parameter(std::string_view cmdline, std::string_view name) {
  json value;
  for (const std::string_view word : words_of(cmdline)) {
    if (word == "--") break;  // the rest is for init
    if (word == name) value = "";
    if (word.starts_with(name) && word.size() > name.size() && word[name.size()] == '=') {
      value = word.substr(name.size() + 1);
    }
  }
  return value;
}

json cpu_identity(std::string_view cpuinfo) {
  constexpr std::array<std::pair<const char*, const char*>, 9> kFields = {
      {{"vendor_id", "vendor"},
       {"cpu family", "family"},
       {"model", "model"},
       {"model name", "model_name"},
       {"stepping", "stepping"},
       {"CPU implementer", "implementer"},
       {"CPU part", "part"},
       {"CPU variant", "variant"},
       {"CPU revision", "revision"}}};
  json identity = json::object();
  for (const auto& [kernel_name, our_name] : kFields) {
    const auto value = field(cpuinfo, kernel_name);
    if (value) identity[our_name] = *value;
  }
  return identity;
}

std::string hypervisor(std::string_view cpuinfo, std::string_view dmi,
                       std::string_view clocksources) {
  // KVM's own clock is not to be had on every guest; then the firmware's maker tells.
  constexpr std::array<std::pair<std::string_view, const char*>, 10> kTraces = {
      {{"kvm-clock", "kvm"},
       {"xen", "xen"},
       {"hyperv", "hyperv"},
       {"QEMU", "kvm"},
       {"KVM", "kvm"},
       {"Google Compute Engine", "kvm"},
       {"VMware", "vmware"},
       {"Microsoft Corporation Virtual Machine", "hyperv"},
       {"Xen", "xen"},
       {"VirtualBox", "virtualbox"}}};
  const auto flags = words_of(field(cpuinfo, "flags").value_or(""));
  const bool flagged = std::find(flags.begin(), flags.end(), "hypervisor") != flags.end();
  if (!flags.empty() && !flagged) return "none";  // x86 says so; a cloud's bare metal has its DMI
  // Nitro's Arm guests have no CPU flag; its bare metal is named so.
  const bool nitro = dmi.starts_with("Amazon EC2") && dmi.find(".metal") == dmi.npos;
  if (nitro && !flagged) return "kvm";
  for (const auto& [trace, name] : kTraces) {
    if (clocksources.find(trace) != clocksources.npos || dmi.find(trace) != dmi.npos) return name;
  }
  return flagged ? "unknown" : "none";
}

json emulator(const path& root) {
  // What an emulator shows of itself under /proc/self is the program that it runs; here it does
  // not.
  const path executed = root / "proc/thread-self/exe";
  ElfW(Ehdr) header{};
  std::ifstream file(executed, std::ios::binary);
  const bool read = !!file.read(reinterpret_cast<char*>(&header), sizeof header);
  const bool elf = read && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0;
  if (!elf || header.e_machine == own_machine()) return {};
  std::error_code unnamed;
  const path name = std::filesystem::read_symlink(executed, unnamed).filename();
  return name.string() + " (" + architecture_name(header.e_machine) + ")";
}

json cgroup_cpu_limit(const path& root) {
  const auto limits = all_levels(root, "cpu", limit_v1, limit_v2);
  for (const std::string& limit : limits) {
    if (!limit.starts_with("max")) return limit;
  }
  return limits.empty() ? json() : json("max");
}

path cgroup_cpu_stat(const path& root) {
  const auto files = all_levels(root, "cpu", throttling_in, throttling_in);
  return files.empty() ? path() : path(files.front());
}

json cgroup_cpuset(const path& root) {
  const auto sets = all_levels(root, "cpuset", cpuset_v1, cpuset_v2);
  return sets.empty() ? json() : json(sets.front());
}

std::vector<path> processor_temperatures(const path& root) {
  struct Sensor {
    const char *folder, *name, *value;
  };
  constexpr std::array<Sensor, 2> kSensors = {
      {{"sys/class/thermal", "type", "temp"}, {"sys/class/hwmon", "name", "temp1_input"}}};
  // Intel's package; AMD's and Intel's drivers; what device trees of Arm call theirs.
  constexpr std::array kProcessors = {"x86_pkg_temp", "coretemp", "k10temp", "cpu", "soc"};
  std::vector<path> found;
  for (const Sensor& sensor : kSensors) {
    std::error_code unseen;  // then there are none
    for (const auto& entry : std::filesystem::directory_iterator(root / sensor.folder, unseen)) {
      const std::string name = read_knob(entry.path() / sensor.name).value_or("");
      const auto begins = [&](const char* processor) { return name.starts_with(processor); };
      if (std::any_of(kProcessors.begin(), kProcessors.end(), begins))
        found.push_back(entry.path() / sensor.value);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

json dma_latency_access(const path& root) {
  const path device = root / "dev/cpu_dma_latency";
  std::error_code unseen;
  if (!std::filesystem::exists(device, unseen)) return {};
  json access = {{"writable", ::access(device.c_str(), W_OK) == 0}, {"us", nullptr}};
  // Opening asks for nothing; only a write would. The value is a binary int.
  const auto bytes = read_text(device);
  std::int32_t us = 0;
  if (bytes && bytes->size() >= sizeof(us)) {
    std::memcpy(&us, bytes->data(), sizeof(us));
    access["us"] = us;
  }
  return access;
}

}  // namespace ipcmark
