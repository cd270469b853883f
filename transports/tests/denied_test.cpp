// A kernel or a container that refuses a mechanism's call: seccomp answers in its place, in a child
// that is gone afterwards.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstddef>

#include "transports/posix.hpp"
#include "transports/tests/conformance.hpp"
#include "transports/tests/filters.hpp"

namespace ipcmark::conformance {
namespace {

void deny(long call, int error) {
  std::array<sock_filter, 4> program{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), "prctl");
}

// What opening the transport says where the call gets this error.
std::string refusal_where(const char* transport, long call, int error, Wait wait = Shape{}.wait) {
  int fds[2];
  check(::pipe2(fds, O_CLOEXEC), "pipe2");
  const Fd in(fds[0]), out(fds[1]);
  const pid_t child = check(::fork(), "fork");
  if (child == 0) {
    std::string said = "opened";
    try {
      deny(call, error);
      (void)find_transport(transport)->open({.message_bytes = 4, .reply_bytes = 4, .wait = wait});
    } catch (const Unavailable& reason) {
      said = reason.what();
    } catch (const std::exception& other) {
      said = std::string("not Unavailable: ") + other.what();
    }
    ::_exit(::write(out.get(), said.data(), said.size()) < 0);
  }
  ::waitpid(child, nullptr, 0);
  char text[400];
  const ssize_t n = check(::read(in.get(), text, sizeof text), "read");
  return {text, static_cast<std::size_t>(n)};
}

TEST(Denied, a_call_that_is_refused_is_named_with_its_errno_and_its_knob) {
  if (const std::string why = why_no_filters(); !why.empty()) GTEST_SKIP() << why;
  const auto scope = [](const std::string& call, const char* why) {
    return call + ": " + why + " (kernel.yama.ptrace_scope ";
  };
  const std::string not_permitted = "Operation not permitted";
  const std::tuple<const char*, long, int, std::string> cases[] = {
      {"process_vm_readv", SYS_process_vm_readv, EPERM,
       scope("process_vm_readv", "Operation not permitted")},
      {"process_vm_writev", SYS_process_vm_writev, ENOSYS,
       scope("process_vm_writev", "Function not implemented")},
      {"vmsplice", SYS_vmsplice, EPERM, "vmsplice: " + not_permitted},
      {"eventfd", SYS_eventfd2, EPERM, "eventfd: " + not_permitted},
      {"signalfd", SYS_signalfd4, EPERM, "signalfd: " + not_permitted},
      {"rt_signal", SYS_rt_tgsigqueueinfo, EPERM, "rt_tgsigqueueinfo: " + not_permitted},
      {"memfd_fresh", SYS_memfd_create, EPERM, "memfd_create: " + not_permitted},
      {"memfd_ready", SYS_memfd_create, EPERM, "memfd_create: " + not_permitted},
      {"io_uring", SYS_io_uring_setup, EPERM,
       "io_uring_setup: " + not_permitted + " (kernel.io_uring_disabled "},
      {"io_uring_sqpoll", SYS_io_uring_setup, ENOSYS,
       "io_uring_setup: Function not implemented (kernel.io_uring_disabled "}};
  for (const auto& [transport, call, error, says] : cases) {
    if (find_transport(transport) == nullptr) continue;  // built without its library
    const std::string reason = refusal_where(transport, call, error);
    EXPECT_TRUE(reason.starts_with(says)) << transport << ": " << reason;
  }
}

TEST(Denied, a_kernel_without_epoll_pwait2_is_named_where_epoll_is_to_wait) {
  if (const std::string why = why_no_filters(); !why.empty()) GTEST_SKIP() << why;
  const auto refusal_of = [](Wait wait) {
    return refusal_where("pipe", SYS_epoll_pwait2, ENOSYS, wait);
  };
  EXPECT_EQ(refusal_of(Wait::epoll), "epoll_pwait2: Function not implemented");
  EXPECT_EQ(refusal_of(Wait::poll), "opened");
}

}  // namespace
}  // namespace ipcmark::conformance
