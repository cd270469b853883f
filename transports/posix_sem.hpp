// A POSIX semaphore as counted.hpp wants it: an atomic count in shared memory, and a futex only for
// who finds it at zero and for who sees that somebody sleeps.
#pragma once

#include <semaphore.h>

#include <cerrno>
#include <cstdint>

#include "transports/posix.hpp"

namespace ipcmark {

class PosixSem {
 public:
  PosixSem() = default;
  explicit PosixSem(sem_t* sem) : sem_(sem) {}

  // There is no call for several.
  void give(std::uint64_t n) {
    for (; n > 0; --n) check(::sem_post(sem_), "sem_post");
  }
  void take() {
    while (::sem_wait(sem_) != 0) expect(EINTR, "sem_wait");
  }
  // False when the deadline passed first; what is there already beats it.
  bool take_until(Deadline deadline) {
    const timespec until = to_timespec(deadline.monotonic_ns);
    while (::sem_clockwait(sem_, CLOCK_MONOTONIC, &until) != 0) {
      if (errno == ETIMEDOUT) return false;
      expect(EINTR, "sem_clockwait");
    }
    return true;
  }
  bool take_now() {
    if (::sem_trywait(sem_) == 0) return true;
    if (errno != EINTR) expect(EAGAIN, "sem_trywait");
    return false;
  }
  std::uint64_t take_more(std::uint64_t most) {
    std::uint64_t n = 0;
    while (n < most && take_now()) ++n;
    return n;
  }

 private:
  static void expect(int error, const char* call) {
    if (errno != error) check(-1, call);
  }

  sem_t* sem_ = nullptr;
};

}  // namespace ipcmark
