#pragma once

#include <vector>

namespace ipcmark {

// Restricts the calling thread to one CPU; on return it runs there. Throws std::system_error
// ("sched_setaffinity") when the CPU is offline, outside the cpuset or does not exist.
void bind_this_thread(int cpu);

// Restricts the calling thread to these CPUs. Throws as bind_this_thread does; when none is
// given, std::invalid_argument.
void bind_this_thread(const std::vector<int>& cpus);

// Throws std::runtime_error saying what was found when the calling thread may run elsewhere than on
// `cpu`, or is elsewhere: binding can be undone from outside (cpuset changes, CPU unplug).
void verify_binding(int cpu);

// CPUs that the calling thread may run on, ascending. Throws std::system_error.
[[nodiscard]] std::vector<int> bound_cpus();

// The CPU that the calling thread is on. Throws std::system_error.
[[nodiscard]] int current_cpu();

}  // namespace ipcmark
