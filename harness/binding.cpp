#include "harness/binding.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "harness/cpu_list.hpp"

namespace ipcmark {
namespace {

// cpu_set_t holds 1024 CPUs and the kernel may have more; it refuses a shorter mask with EINVAL.
using CpuMask = std::array<cpu_set_t, 8>;
constexpr int kMaskCpus = 8 * CPU_SETSIZE;

[[noreturn]] void fail(int error, const std::string& call) {
  throw std::system_error(error, std::generic_category(), call);
}

}  // namespace

void bind_this_thread(int cpu) { bind_this_thread(std::vector<int>{cpu}); }

void bind_this_thread(const std::vector<int>& cpus) {
  if (cpus.empty()) throw std::invalid_argument("bind_this_thread: no CPU given");
  CpuMask mask{};
  const std::string call = fmt::format("sched_setaffinity to cpu {}", format_cpu_list(cpus));
  for (const int cpu : cpus) {
    if (cpu < 0 || cpu >= kMaskCpus) fail(EINVAL, call);
    CPU_SET_S(static_cast<std::size_t>(cpu), sizeof(mask), mask.data());
  }
  if (sched_setaffinity(0, sizeof(mask), mask.data()) != 0) fail(errno, call);
}

void verify_binding(int cpu) {
  const std::vector<int> allowed = bound_cpus();
  const int here = current_cpu();
  if (allowed == std::vector<int>{cpu} && here == cpu) return;
  throw std::runtime_error(fmt::format("binding failed: asked cpu {}, may run on {}, is on {}", cpu,
                                       format_cpu_list(allowed), here));
}

std::vector<int> bound_cpus() {
  CpuMask mask{};
  if (sched_getaffinity(0, sizeof(mask), mask.data()) != 0) fail(errno, "sched_getaffinity");
  std::vector<int> cpus;
  for (int cpu = 0; cpu < kMaskCpus; ++cpu) {
    if (CPU_ISSET_S(static_cast<std::size_t>(cpu), sizeof(mask), mask.data())) cpus.push_back(cpu);
  }
  return cpus;
}

int current_cpu() {
  const int cpu = sched_getcpu();
  if (cpu < 0) fail(errno, "sched_getcpu");
  return cpu;
}

}  // namespace ipcmark
