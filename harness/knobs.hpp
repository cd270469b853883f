#pragma once

#include <array>
#include <string_view>

namespace ipcmark {

// One file of /proc or /sys whose text is a fact of a run. Adding a line here is all it takes.
struct Knob {
  std::string_view name;
  std::string_view path;  // below the root, without a leading slash
};

inline constexpr auto kKnobs = std::to_array<Knob>({
    {"boot_id", "proc/sys/kernel/random/boot_id"},
    {"uptime", "proc/uptime"},
    {"load", "proc/loadavg"},
    {"pressure_cpu", "proc/pressure/cpu"},
    {"kernel_release", "proc/sys/kernel/osrelease"},
    {"kernel_version", "proc/sys/kernel/version"},
    {"system_vendor", "sys/class/dmi/id/sys_vendor"},
    {"system_product", "sys/class/dmi/id/product_name"},
    {"firmware", "sys/class/dmi/id/bios_version"},
    {"hypervisor_type", "sys/hypervisor/type"},
    {"clocksource", "sys/devices/system/clocksource/clocksource0/current_clocksource"},
    {"clocksources", "sys/devices/system/clocksource/clocksource0/available_clocksource"},
    {"cpus_online", "sys/devices/system/cpu/online"},
    {"cpus_offline", "sys/devices/system/cpu/offline"},
    {"cpus_possible", "sys/devices/system/cpu/possible"},
    {"cpus_isolated", "sys/devices/system/cpu/isolated"},
    {"cpus_nohz_full", "sys/devices/system/cpu/nohz_full"},
    {"smt_control", "sys/devices/system/cpu/smt/control"},
    {"smt_active", "sys/devices/system/cpu/smt/active"},
    {"cpufreq_boost", "sys/devices/system/cpu/cpufreq/boost"},
    {"intel_pstate_no_turbo", "sys/devices/system/cpu/intel_pstate/no_turbo"},
    {"intel_pstate_status", "sys/devices/system/cpu/intel_pstate/status"},
    {"amd_pstate_status", "sys/devices/system/cpu/amd_pstate/status"},
    {"cpuidle_driver", "sys/devices/system/cpu/cpuidle/current_driver"},
    {"cpuidle_governor", "sys/devices/system/cpu/cpuidle/current_governor"},
    {"thp_enabled", "sys/kernel/mm/transparent_hugepage/enabled"},
    {"thp_defrag", "sys/kernel/mm/transparent_hugepage/defrag"},
    {"thp_shmem_enabled", "sys/kernel/mm/transparent_hugepage/shmem_enabled"},
    {"thp_khugepaged_defrag", "sys/kernel/mm/transparent_hugepage/khugepaged/defrag"},
    {"ksm_run", "sys/kernel/mm/ksm/run"},
    {"tlb_single_page_flush_ceiling", "sys/kernel/debug/x86/tlb_single_page_flush_ceiling"},
    {"sched_base_slice_ns", "sys/kernel/debug/sched/base_slice_ns"},
    {"sched_preempt", "sys/kernel/debug/sched/preempt"},
    {"workqueue_cpumask", "sys/devices/virtual/workqueue/cpumask"},
    {"kernel.randomize_va_space", "proc/sys/kernel/randomize_va_space"},
    {"kernel.numa_balancing", "proc/sys/kernel/numa_balancing"},
    {"kernel.sched_rt_runtime_us", "proc/sys/kernel/sched_rt_runtime_us"},
    {"kernel.sched_rt_period_us", "proc/sys/kernel/sched_rt_period_us"},
    {"kernel.sched_autogroup_enabled", "proc/sys/kernel/sched_autogroup_enabled"},
    {"kernel.nmi_watchdog", "proc/sys/kernel/nmi_watchdog"},
    {"kernel.timer_migration", "proc/sys/kernel/timer_migration"},
    {"kernel.split_lock_mitigate", "proc/sys/kernel/split_lock_mitigate"},
    {"kernel.perf_event_paranoid", "proc/sys/kernel/perf_event_paranoid"},
    {"kernel.io_uring_disabled", "proc/sys/kernel/io_uring_disabled"},
    {"kernel.yama.ptrace_scope", "proc/sys/kernel/yama/ptrace_scope"},
    {"kernel.tainted", "proc/sys/kernel/tainted"},
    {"kernel.shmmax", "proc/sys/kernel/shmmax"},
    {"kernel.shmall", "proc/sys/kernel/shmall"},
    {"kernel.shmmni", "proc/sys/kernel/shmmni"},
    {"kernel.shm_rmid_forced", "proc/sys/kernel/shm_rmid_forced"},
    {"kernel.msgmax", "proc/sys/kernel/msgmax"},
    {"kernel.msgmnb", "proc/sys/kernel/msgmnb"},
    {"kernel.msgmni", "proc/sys/kernel/msgmni"},
    {"kernel.sem", "proc/sys/kernel/sem"},
    {"fs.mqueue.msg_default", "proc/sys/fs/mqueue/msg_default"},
    {"fs.mqueue.msg_max", "proc/sys/fs/mqueue/msg_max"},
    {"fs.mqueue.msgsize_default", "proc/sys/fs/mqueue/msgsize_default"},
    {"fs.mqueue.msgsize_max", "proc/sys/fs/mqueue/msgsize_max"},
    {"fs.mqueue.queues_max", "proc/sys/fs/mqueue/queues_max"},
    {"fs.pipe-max-size", "proc/sys/fs/pipe-max-size"},
    {"fs.pipe-user-pages-soft", "proc/sys/fs/pipe-user-pages-soft"},
    {"vm.swappiness", "proc/sys/vm/swappiness"},
    {"vm.nr_hugepages", "proc/sys/vm/nr_hugepages"},
    {"vm.overcommit_memory", "proc/sys/vm/overcommit_memory"},
    {"vm.compaction_proactiveness", "proc/sys/vm/compaction_proactiveness"},
    {"vm.stat_interval", "proc/sys/vm/stat_interval"},
    {"net.core.rmem_default", "proc/sys/net/core/rmem_default"},
    {"net.core.rmem_max", "proc/sys/net/core/rmem_max"},
    {"net.core.wmem_default", "proc/sys/net/core/wmem_default"},
    {"net.core.wmem_max", "proc/sys/net/core/wmem_max"},
    {"net.core.busy_poll", "proc/sys/net/core/busy_poll"},
    {"net.ipv4.tcp_rmem", "proc/sys/net/ipv4/tcp_rmem"},
    {"net.ipv4.tcp_wmem", "proc/sys/net/ipv4/tcp_wmem"},
    {"net.unix.max_dgram_qlen", "proc/sys/net/unix/max_dgram_qlen"},
});

// Files of each CPU's folder below sys/devices/system/cpu/cpuN.
inline constexpr auto kCpuKnobs = std::to_array<Knob>({
    {"governor", "cpufreq/scaling_governor"},
    {"scaling_driver", "cpufreq/scaling_driver"},
    {"scaling_min_khz", "cpufreq/scaling_min_freq"},
    {"scaling_max_khz", "cpufreq/scaling_max_freq"},
    {"energy_preference", "cpufreq/energy_performance_preference"},
});

}  // namespace ipcmark
