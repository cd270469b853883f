#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

// The facts that need more than reading a file. Texts are those of the kernel's files.

// A parameter's value on a kernel command line, the last one if repeated, as the kernel takes it;
// "" for a bare word; null when it is not there.
[[nodiscard]] nlohmann::json kernel_parameter(std::string_view cmdline, std::string_view name);

// The first CPU's identity from /proc/cpuinfo, without what changes from boot to boot (MHz,
// BogoMIPS): vendor, family, model, stepping; on arm64 implementer, part, variant, revision.
[[nodiscard]] nlohmann::json cpu_identity(std::string_view cpuinfo);

// "none", or the hypervisor's name as far as the machine gives it away ("kvm", "xen", "hyperv",
// "vmware"), or "unknown" for one that shows itself only by the CPU flag. `dmi` is vendor and
// product, `clocksources` the available ones; either may be empty.
[[nodiscard]] std::string hypervisor(std::string_view cpuinfo, std::string_view dmi,
                                     std::string_view clocksources);

// The program that carries out this one's instructions where the CPU does not ("qemu-aarch64-static
// (x86-64)"): the kernel runs it, and it is of another architecture. Null where none does.
[[nodiscard]] nlohmann::json emulator(const std::filesystem::path& root);

// Limit on the CPU time of the caller's cgroup, version 2 or 1, as "quota period" in us: the first
// on the way up to the root; "max" without a limit; null where no hierarchy can be read.
[[nodiscard]] nlohmann::json cgroup_cpu_limit(const std::filesystem::path& root);

// The cpu.stat of the caller's nearest cgroup that counts throttling; empty where none does.
[[nodiscard]] std::filesystem::path cgroup_cpu_stat(const std::filesystem::path& root);

// CPUs of the caller's cpuset as a CPU list: what no affinity can exceed. Null where there is no
// cpuset hierarchy to read.
[[nodiscard]] nlohmann::json cgroup_cpuset(const std::filesystem::path& root);

// Sensors of processors (not of disks or cards), each a file of millidegrees Celsius, sorted.
[[nodiscard]] std::vector<std::filesystem::path> processor_temperatures(
    const std::filesystem::path& root);

// /dev/cpu_dma_latency: {"writable": may we hold idle states shallow, "us": the bound in force};
// null where there is no such device.
[[nodiscard]] nlohmann::json dma_latency_access(const std::filesystem::path& root);

}  // namespace ipcmark
