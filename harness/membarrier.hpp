// membarrier(2), which glibc has no function for: the one call that makes a program interrupt other
// CPUs, flushing nothing.
#pragma once

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ipcmark {

// -1 with errno, as the call says.
[[nodiscard]] inline int membarrier(int command) noexcept {
  return static_cast<int>(::syscall(SYS_membarrier, command, 0, 0));
}

}  // namespace ipcmark
