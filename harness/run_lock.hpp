#pragma once

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ipcmark {

struct LockHolder {
  pid_t pid = 0;
  uid_t uid = 0;
  std::string program;  // its name, as the kernel has it
};

// Another run holds the lock, or somebody who has taken its name: the text says who, and what to
// do. None is known when it belongs to a process namespace that cannot be seen from here, does not
// listen, or ended while we asked.
class RunLockHeld : public std::runtime_error {
 public:
  RunLockHeld(std::optional<LockHolder> holder, std::string_view name);
  [[nodiscard]] const std::optional<LockHolder>& holder() const noexcept { return holder_; }

 private:
  std::optional<LockHolder> holder_;
};

// One run at a time on a machine: two would measure each other. The lock is the name of an abstract
// Unix socket: any user can take it, no file is left behind, and the kernel frees it with the
// process, also after kill -9. Its reach is the network namespace; containers with one of their own
// do not see each other. Not inherited by exec. Nothing that every user may lock can be kept from a
// user who never unlocks it; such a one is refused runs to, never waited for, and is named.
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
