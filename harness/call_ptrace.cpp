#include "harness/call_ptrace.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <optional>

#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

namespace {

constexpr int kCallStop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

// Signal in the low byte, ptrace event above it; none when the process has ended. The stop and the
// zombie are left where they are: the one is ended by resuming, the other is its parent's, which
// wants to know how it died.
std::optional<int> next_stop(pid_t process) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(process), &info,
                  WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0) {
    if (errno != EINTR) return std::nullopt;
  }
  const bool stopped = info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED;
  return stopped ? std::optional(info.si_status) : std::nullopt;
}

// A SIGSTOP of somebody else's: it stays stopped, and the stop is taken, or it would be seen again.
void leave_stopped(pid_t process) {
  ::ptrace(PTRACE_LISTEN, process, nullptr, nullptr);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(process), &info, WSTOPPED | WNOHANG | __WALL);
}

void resume(pid_t process, int signal = 0) {
  // ESRCH: it was killed while it was stopped, which the next wait tells.
  ::ptrace(PTRACE_SYSCALL, process, nullptr, static_cast<long>(signal));
}

class Follower {
 public:
  explicit Follower(pid_t process) : process_(process) {
    available(::ptrace(PTRACE_SEIZE, process_, nullptr, static_cast<long>(PTRACE_O_TRACESYSGOOD)),
              "ptrace");
    available(::ptrace(PTRACE_INTERRUPT, process_, nullptr, nullptr), "ptrace");
    if (next_stop(process_)) resume(process_);
  }

  SystemCalls follow() {
    while (const auto stop = next_stop(process_)) {
      const int signal = *stop & 0xff;
      const int event = *stop >> 8;
      if (signal == kCallStop) {
        if (!take_call()) {
          ::ptrace(PTRACE_DETACH, process_, nullptr, nullptr);
          break;
        }
        resume(process_);
      } else if (event == PTRACE_EVENT_STOP) {
        signal == SIGTRAP ? resume(process_) : leave_stopped(process_);
      } else {
        resume(process_, signal);
      }
    }
    return log_.calls();
  }

 private:
  // False at the end mark.
  bool take_call() {
    __ptrace_syscall_info info{};
    available(::ptrace(PTRACE_GET_SYSCALL_INFO, process_, sizeof info, &info),
              "ptrace(PTRACE_GET_SYSCALL_INFO)");
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) number_ = static_cast<long>(info.entry.nr);
    if (info.op != PTRACE_SYSCALL_INFO_EXIT) return true;
    return log_.note(number_, static_cast<long>(info.exit.rval));
  }

  pid_t process_;
  long number_ = -1;
  CallLog log_;
};

}  // namespace

SystemCalls follow_with_ptrace(pid_t process, std::promise<void> followed) {
  std::optional<Follower> follower;
  try {
    follower.emplace(process);
  } catch (...) {
    followed.set_exception(std::current_exception());
    return {};
  }
  followed.set_value();
  return follower->follow();
}

}  // namespace ipcmark
