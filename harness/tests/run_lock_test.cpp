#include "harness/run_lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace ipcmark {
namespace {

// A name of this test run's own: a real run may hold the machine meanwhile.
std::string test_name() { return "ipcmark-test-lock-" + std::to_string(::getpid()); }

TEST(RunLockTest, only_one_holds_and_the_other_learns_who) {
  const RunLock lock(test_name());
  for (int i = 0; i < 3; ++i) {
    try {
      const RunLock second(test_name());
      ADD_FAILURE() << "locked twice";
    } catch (const RunLockHeld& held) {
      EXPECT_EQ(held.holder().value_or(LockHolder{}).pid, ::getpid());
      EXPECT_NE(std::string(held.what()).find(std::to_string(::getpid())), std::string::npos);
    }
  }
}

TEST(RunLockTest, is_free_again_afterwards) {
  { const RunLock lock(test_name()); }
  EXPECT_NO_THROW(RunLock{test_name()});
}

TEST(RunLockTest, dies_with_its_process) {
  const std::string name = test_name();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(name);
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW(RunLock{name}, RunLockHeld);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(RunLock{name});
  ::close(ready[0]);
  ::close(ready[1]);
}

// It cannot be kept from doing so; we do not hang, and say whom to stop.
TEST(RunLockTest, another_user_who_squats_it_is_named) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const std::string name = test_name();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    const RunLock lock(name);
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  try {
    const RunLock second(name);
    ADD_FAILURE() << "locked twice";
  } catch (const RunLockHeld& held) {
    const std::string said = held.what(), pid = std::to_string(child);
    EXPECT_NE(said.find("pid " + pid + " of uid 65534, program `"), std::string::npos) << said;
    EXPECT_NE(said.find("kill " + pid), std::string::npos) << said;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

// Bound and never listening: nobody can ask who it is.
TEST(RunLockTest, one_who_does_not_answer_is_said_not_waited_for) {
  const std::string name = test_name();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const int squatter = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(squatter, reinterpret_cast<const sockaddr*>(&address), length), 0);
  try {
    const RunLock lock(name);
    ADD_FAILURE() << "locked twice";
  } catch (const RunLockHeld& held) {
    EXPECT_NE(std::string(held.what()).find("ss -xlp | grep " + name), std::string::npos);
  }
  ::close(squatter);
}

TEST(RunLockTest, an_impossible_name_is_refused) {
  EXPECT_THROW(RunLock{""}, std::invalid_argument);
  EXPECT_THROW(RunLock{std::string(200, 'x')}, std::invalid_argument);
}

}  // namespace
}  // namespace ipcmark
