// The kernel's tracepoint at the end of every system call, raw_syscalls:sys_exit, as a stream of
// one thread's calls.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/system_calls.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

struct SysExit {
  std::uint64_t id = 0;  // of this kernel
  // Where a sample holds the call's number and what it returned, both longs.
  std::size_t number_at = 0;
  std::size_t result_at = 0;
};

// Where tracefs is mounted, when it is.
[[nodiscard]] const std::vector<std::string>& tracefs_folders();
// Throws Unavailable "tracefs: No such file or directory (...)".
[[nodiscard]] SysExit find_sys_exit(const std::vector<std::string>& tracefs);
// The offset of a field in a tracepoint's `format`. Throws Unavailable where there is none of that
// name and of a long's size.
[[nodiscard]] std::size_t offset_of_long(std::string_view format, std::string_view field);

class CallStream {
 public:
  // Throws Unavailable "perf_event_open: Permission denied (kernel.perf_event_paranoid 3)".
  CallStream(const SysExit& sys_exit, pid_t thread);

  // Reads until the thread's end mark, its end, or until `abandoned`. Throws std::runtime_error
  // where the kernel had no room for some.
  [[nodiscard]] SystemCalls follow(const std::atomic<bool>& abandoned);

 private:
  // False once the end mark has been read.
  bool drain();
  [[nodiscard]] std::vector<std::byte> take(std::uint64_t at, std::size_t bytes) const;
  bool take_sample(const std::vector<std::byte>& record);

  SysExit sys_exit_;
  Fd event_;
  Mapping ring_;
  CallLog log_;
};

}  // namespace ipcmark
