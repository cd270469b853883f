#include "harness/run_lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
      EXPECT_EQ(held.holder(), ::getpid());
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

TEST(RunLockTest, an_impossible_name_is_refused) {
  EXPECT_THROW(RunLock{""}, std::invalid_argument);
  EXPECT_THROW(RunLock{std::string(200, 'x')}, std::invalid_argument);
}

}  // namespace
}  // namespace ipcmark
