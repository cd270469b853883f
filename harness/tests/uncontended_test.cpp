// Doorbells, semaphores and locks that nobody waits at make no system call: counted.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "harness/call_counter.hpp"
#include "transports/posix.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

constexpr std::uint64_t kMessages = 64;  // fewer than any of them has slots
constexpr std::uint64_t kBytes = 8;

void run(End& end, Part part) {
  std::array<std::uint64_t, 16> stamps{};
  Tally tally{.stamps = stamps};
  end.run(part,
          {.messages = kMessages,
           .message_bytes = kBytes,
           .reply_bytes = kBytes,
           .messages_each = kMessages,
           .touch = Touch::header},
          tally);
}

// One process has both ends and fills the channel before it empties it: nobody ever waits.
[[noreturn]] void alone(const std::string& transport, int go) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const Shape shape{.message_bytes = kBytes,
                    .reply_bytes = kBytes,
                    .wait = Wait::block,
                    .backing = Backing::memfd};
  const auto channel = find_transport(transport)->open(shape);
  const auto client = channel->client(0);
  const auto server = channel->server(0);
  client->reshape(shape);
  server->reshape(shape);
  run(*client, Part::pour);
  run(*server, Part::drain);
  char byte;
  check(::read(go, &byte, 1), "read");
  {
    const CountedSection counted(true);
    run(*client, Part::pour);
    run(*server, Part::drain);
  }
  ::pause();
  ::_exit(0);
}

class Uncontended : public testing::TestWithParam<const char*> {};

TEST_P(Uncontended, makes_no_system_call) {
  int fds[2];
  check(::pipe2(fds, O_CLOEXEC), "pipe2");
  const Fd in(fds[0]), out(fds[1]);
  const pid_t pid = check(::fork(), "fork");
  if (pid == 0) alone(GetParam(), in.get());
  SystemCalls calls{{"not counted", {}}};
  std::string missing;
  try {
    CallCounter counter({pid});
    check(::write(out.get(), "", 1), "write");
    calls = counter.finish(deadline_in(10'000'000'000)).at(0);
  } catch (const Unavailable& why) {
    missing = why.what();
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  if (!missing.empty()) GTEST_SKIP() << missing;
  EXPECT_EQ(calls, SystemCalls{});
}

INSTANTIATE_TEST_SUITE_P(, Uncontended,
                         testing::Values("shm_ring", "shm_eventfd", "shm_mutex_cond", "shm_signal",
                                         "shm_posix_sem", "shm_named_sem"),
                         [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace ipcmark
