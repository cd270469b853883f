#pragma once

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ipcmark {

// Another run holds the lock. Its pid is none when it belongs to a process namespace that cannot be
// seen from here, or when it ended while we asked.
class RunLockHeld : public std::runtime_error {
 public:
  explicit RunLockHeld(std::optional<pid_t> holder);
  [[nodiscard]] std::optional<pid_t> holder() const noexcept { return holder_; }

 private:
  std::optional<pid_t> holder_;
};

// One run at a time on a machine: two would measure each other. The lock is the name of an abstract
// Unix socket: any user can take it, no file is left behind, and the kernel frees it with the
// process, also after kill -9. Its reach is the network namespace; containers with one of their own
// do not see each other. Not inherited by exec.
class RunLock {
 public:
  // Takes the lock at once or throws RunLockHeld; std::system_error for anything else. `name` is
  // for tests.
  explicit RunLock(std::string_view name = "ipcmark-run-lock");
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int fd_;
};

}  // namespace ipcmark
