// Shared memory's locks and doorbells make no system call while nobody has to wait: tried where any
// call at all kills the process.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>

#include "transports/posix.hpp"
#include "transports/tests/conformance.hpp"
#include "transports/tests/filters.hpp"

namespace ipcmark::conformance {
namespace {

// From here on the process may only exit.
void forbid_calls() {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "prctl");
}

// Both ends in one process: all messages in, then all out, so that no end ever finds nothing.
// 0 when every message was right; the number of the signal that killed it, plus 256, when a call
// was made after all.
int pour_then_drain(const Transport& transport, const Shape& shape, Job job) {
  const auto channel = transport.open(shape);  // here, where its objects outlive who is killed
  const pid_t pid = check(::fork(), "fork");
  if (pid == 0) {
    const auto client = channel->client(0), server = channel->server(0);
    client->reshape(shape), server->reshape(shape);
    std::uint64_t stamps[4];
    Tally poured{.stamps = stamps}, drained{.stamps = stamps};
    forbid_calls();
    client->run(Part::pour, job, poured);
    server->run(Part::drain, job, drained);
    ::_exit(drained.wrong == 0 && drained.messages == job.messages ? 0 : 1);
  }
  int status = 0;
  check(::waitpid(pid, &status, 0), "waitpid");
  return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

class Uncontended : public Conformance {};

TEST_P(Uncontended, messages_that_nobody_waits_for_make_no_call) {
  if (const std::string why = why_no_filters(); !why.empty()) GTEST_SKIP() << why;
  for (const std::uint32_t batch : {1u, 8u}) {
    Shape widest = shape(8, 0);
    widest.batch = batch;
    EXPECT_EQ(pour_then_drain(transport(), widest, job(widest, 64)), 0) << "batch " << batch;
  }
}

bool calls_nobody(const Transport& t, Access) {
  constexpr std::string_view kThese[] = {"shm_eventfd",   "shm_mutex_cond", "shm_named_sem",
                                         "shm_posix_sem", "shm_ring",       "shm_rwlock",
                                         "shm_signal"};
  return std::ranges::find(kThese, t.traits.name) != std::end(kThese);
}
INSTANTIATE_TEST_SUITE_P(Transport, Uncontended, ::testing::ValuesIn(points(calls_nobody)),
                         PointName());

// The trap itself works: each P and V of these is a call.
TEST(SysvSem, makes_calls_that_the_trap_for_calls_finds) {
  if (const std::string why = why_no_filters(); !why.empty()) GTEST_SKIP() << why;
  const Shape shape{.message_bytes = 8, .reply_bytes = 0, .prefix = test_prefix()};
  const Job job{.messages = 4, .message_bytes = 8, .messages_each = 4};
  EXPECT_EQ(pour_then_drain(*find_transport("shm_sysv_sem"), shape, job), 256 + SIGSYS);
}

}  // namespace
}  // namespace ipcmark::conformance
