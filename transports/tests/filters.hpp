// Whether the kernel answers calls by a filter, for tests that have it refuse or find them.
#pragma once

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ipcmark::conformance {

// Empty where it does. A filter at no address is looked at, and is a fault, only there.
[[nodiscard]] inline std::string why_no_filters() {
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr) == 0 || errno == EFAULT) return {};
  return std::string("prctl PR_SET_SECCOMP: ") + std::strerror(errno);
}

}  // namespace ipcmark::conformance
