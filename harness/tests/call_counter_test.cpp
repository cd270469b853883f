// System calls counted from outside, by either means, against calls that are known.
#include "harness/call_counter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "harness/call_ptrace.hpp"
#include "harness/call_tracepoint.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

constexpr std::int64_t kPatienceNs = 10'000'000'000;

// A process that waits for a byte, does its work, and stays until it is told to leave.
class Worker {
 public:
  explicit Worker(const std::function<void()>& work) {
    int fds[2];
    check(::pipe2(fds, O_CLOEXEC), "pipe2");
    Fd in(fds[0]);
    go_ = Fd(fds[1]);
    pid_ = check(::fork(), "fork");
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte;
    check(::read(in.get(), &byte, 1), "read");
    work();
    ::pause();
    ::_exit(0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  void go() const { check(::write(go_.get(), "", 1), "write"); }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Fd go_;
  pid_t pid_ = 0;
};

// Three that succeed, two that find nothing, one that fails; and others around them.
void known_calls() {
  int fds[2];
  check(::pipe2(fds, O_NONBLOCK), "pipe2");
  char byte;
  {
    const CountedSection counted(true);
    for (int i = 0; i < 3; ++i) ::syscall(SYS_getppid);
    for (int i = 0; i < 2; ++i) (void)!::read(fds[0], &byte, 1);
    ::syscall(SYS_close, -1);
  }
  for (int i = 0; i < 7; ++i) ::syscall(SYS_getppid);
}

const SystemCalls kKnown{{"close", {.ok = 0, .again = 0, .error = 1}},
                         {"getppid", {.ok = 3, .again = 0, .error = 0}},
                         {"read", {.ok = 0, .again = 2, .error = 0}}};

// Counts `process`, or nothing where this kernel lets nobody count; `why` is what it said then.
std::optional<CallCounter> counting(pid_t process, std::string& why) {
  try {
    return std::optional<CallCounter>(std::in_place, std::vector{process});
  } catch (const Unavailable& missing) {
    why = missing.what();
    return std::nullopt;
  }
}

// A folder with this kernel's tracepoints, mounted where only this process sees it if need be.
std::optional<std::vector<std::string>> tracefs() {
  const auto has_it = [] {
    try {
      return find_sys_exit(tracefs_folders()).id != 0;
    } catch (const Unavailable&) {
      return false;
    }
  };
  if (has_it()) return tracefs_folders();
  if (::unshare(CLONE_NEWNS) != 0) return std::nullopt;
  ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  ::mount("none", "/sys/kernel/tracing", "tracefs", 0, nullptr);
  return has_it() ? std::optional(tracefs_folders()) : std::nullopt;
}

TEST(CallCounter, counts_what_lies_between_the_marks_by_name_and_outcome) {
  const Worker worker(&known_calls);
  try {
    CallCounter counter({worker.pid()});
    worker.go();
    EXPECT_EQ(counter.finish(deadline_in(kPatienceNs)), std::vector{kKnown}) << counter.means();
  } catch (const Unavailable& missing) {
    GTEST_SKIP() << missing.what();
  }
}

TEST(CallCounter, ptrace_counts_the_same_and_lets_go_at_the_end_mark) {
  const Worker worker(&known_calls);
  std::promise<void> promise;
  auto followed = promise.get_future();
  auto calls = std::async(std::launch::async,
                          [&] { return follow_with_ptrace(worker.pid(), std::move(promise)); });
  try {
    followed.get();
  } catch (const Unavailable& missing) {
    GTEST_SKIP() << missing.what();
  }
  worker.go();
  EXPECT_EQ(calls.get(), kKnown);
}

TEST(CallCounter, tracepoints_count_the_same) {
  const auto folders = tracefs();
  if (!folders) GTEST_SKIP() << "tracefs is not mounted and cannot be";
  const Worker worker(&known_calls);
  try {
    CallStream stream(find_sys_exit(*folders), worker.pid());
    worker.go();
    EXPECT_EQ(stream.follow(false), kKnown);
  } catch (const Unavailable& missing) {
    GTEST_SKIP() << missing.what();
  }
}

TEST(CallCounter, tracepoints_count_a_thread_of_this_process) {
  const auto folders = tracefs();
  if (!folders) GTEST_SKIP() << "tracefs is not mounted and cannot be";
  std::promise<pid_t> tid;
  std::promise<void> go;
  std::jthread thread([&, start = go.get_future()] {
    tid.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
    start.wait();
    known_calls();
  });
  const pid_t followed = tid.get_future().get();
  try {
    CallCounter counter({followed});
    go.set_value();
    EXPECT_EQ(counter.finish(deadline_in(kPatienceNs)), std::vector{kKnown});
    EXPECT_EQ(counter.means(), "tracepoint");
  } catch (const Unavailable& missing) {
    go.set_value();  // it ends all the same
    GTEST_SKIP() << missing.what();
  }
}

// A debugger that passes a signal on is not noticed, and neither is one that was not passed on.
TEST(CallCounter, ptrace_passes_signals_on) {
  const Worker worker([] {
    ::signal(SIGUSR1, [](int) { ::syscall(SYS_getppid); });
    const CountedSection counted(true);
    ::raise(SIGUSR1);
  });
  std::promise<void> promise;
  auto followed = promise.get_future();
  auto calls = std::async(std::launch::async,
                          [&] { return follow_with_ptrace(worker.pid(), std::move(promise)); });
  try {
    followed.get();
  } catch (const Unavailable& missing) {
    GTEST_SKIP() << missing.what();
  }
  worker.go();
  EXPECT_EQ(calls.get()["getppid"].ok, 1u);
}

TEST(CallCounter, leaves_the_end_of_a_process_to_its_parent) {
  const Worker worker([] {
    const CountedSection counted(true);
    ::raise(SIGKILL);
  });
  std::string missing;
  auto counter = counting(worker.pid(), missing);
  if (!counter) GTEST_SKIP() << missing;
  worker.go();
  // As the cast does: a wait alone could see a stop of the tracing instead, which is not its end.
  const Fd end(static_cast<int>(::syscall(SYS_pidfd_open, worker.pid(), 0)));
  pollfd ended{.fd = end.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(worker.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(info.si_status, SIGKILL);
  EXPECT_THROW((void)counter->finish(deadline_in(kPatienceNs)), std::runtime_error);
}

TEST(CallCounter, gives_up_on_a_process_that_never_ends_its_calls) {
  const Worker worker([] {
    const CountedSection counted(true);
    ::pause();
  });
  std::string missing;
  auto counter = counting(worker.pid(), missing);
  if (!counter) GTEST_SKIP() << missing;
  worker.go();
  EXPECT_THROW((void)counter->finish(deadline_in(20'000'000)), std::runtime_error);
}

TEST(CallCounter, says_the_call_and_the_reason_where_it_may_not) {
  try {
    CallCounter counter({1'000'000'000});  // no such process
    FAIL();
  } catch (const Unavailable& missing) {
    EXPECT_NE(std::string_view(missing.what()).find("ptrace: "), std::string_view::npos)
        << missing.what();
  }
}

TEST(CallLog, takes_no_call_for_two_that_the_kernel_makes_again) {
  CallLog log;
  log.note(0x1c0de01, -ENOSYS);
  EXPECT_TRUE(log.note(SYS_read, -512));  // ERESTARTSYS
  EXPECT_TRUE(log.note(SYS_read, 1));
  EXPECT_THROW((void)log.calls(), std::runtime_error);
  EXPECT_FALSE(log.note(0x1c0de02, -ENOSYS));
  EXPECT_EQ(log.calls(), (SystemCalls{{"read", {.ok = 1, .again = 0, .error = 0}}}));
}

TEST(CallLog, nothing_there_has_two_names) {
  CallLog log;
  log.note(0x1c0de01, -ENOSYS);
  log.note(SYS_msgrcv, -ENOMSG);
  log.note(SYS_msgrcv, -EAGAIN);
  log.note(SYS_msgrcv, -EINTR);
  log.note(0x1c0de02, -ENOSYS);
  EXPECT_EQ(log.calls()["msgrcv"], (CallCounts{.ok = 0, .again = 2, .error = 1}));
}

TEST(CallLog, an_address_in_the_upper_half_is_no_error) {
  CallLog log;
  log.note(0x1c0de01, -ENOSYS);
  log.note(SYS_mmap, -4096);
  log.note(SYS_mmap, -4095);
  log.note(0x1c0de02, -ENOSYS);
  EXPECT_EQ(log.calls()["mmap"], (CallCounts{.ok = 1, .again = 0, .error = 1}));
}

TEST(SysExit, fields_are_where_the_format_says) {
  constexpr std::string_view format =
      "name: sys_exit\nID: 442\nformat:\n"
      "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
      "\tfield:long id;\toffset:8;\tsize:8;\tsigned:1;\n"
      "\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;\n";
  EXPECT_EQ(offset_of_long(format, "id"), 8u);
  EXPECT_EQ(offset_of_long(format, "ret"), 16u);
  EXPECT_THROW((void)offset_of_long(format, "common_pid"), Unavailable);
  EXPECT_THROW((void)offset_of_long(format, "args"), Unavailable);
}

TEST(SystemCallName, is_the_headers_or_the_number) {
  EXPECT_EQ(system_call_name(SYS_futex), "futex");
  EXPECT_EQ(system_call_name(987'654), "call_987654");
}

}  // namespace
}  // namespace ipcmark
