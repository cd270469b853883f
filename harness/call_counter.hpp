// Counts the system calls of some threads from outside them: by the kernel's tracepoint of every
// call's end where it can be had, else as a debugger does.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <future>
#include <string_view>
#include <vector>

#include "harness/system_calls.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// Either slows the threads down, ptrace by microseconds a call: whoever counts does not time.
class CallCounter {
 public:
  // Follows the threads from now on. Throws Unavailable "tracefs: ...; ptrace: ...".
  explicit CallCounter(const std::vector<pid_t>& threads);
  CallCounter(const CallCounter&) = delete;
  CallCounter& operator=(const CallCounter&) = delete;
  // Of threads whose end mark has not been seen: traced processes are killed, for the one that
  // waits for them to be released.
  ~CallCounter();

  // The calls of each thread within its CountedSection, when all have left it; then nothing is
  // followed any more. Throws std::runtime_error where calls were lost or the time is over.
  [[nodiscard]] std::vector<SystemCalls> finish(Deadline deadline);
  // "tracepoint" or "ptrace".
  [[nodiscard]] std::string_view means() const { return means_; }

 private:
  void follow_by_tracepoint();
  void follow_by_ptrace();

  std::vector<pid_t> threads_;
  std::string_view means_;
  std::atomic<bool> abandoned_ = false;
  std::vector<std::future<SystemCalls>> followers_;
};

}  // namespace ipcmark
