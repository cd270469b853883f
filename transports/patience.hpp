// How an end on descriptors lets time pass while one is not ready.
//
// The wait policy is looked at when it matters, by a predicted branch beside a system call: an end
// for each policy would be six times the text, and its compilation the larger half of a build.
#pragma once

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>

#include <cerrno>
#include <cstdint>
#include <optional>

#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// Whether the descriptor itself may block.
[[nodiscard]] constexpr bool blocks(Wait wait) { return wait == Wait::block; }

// With `epoll`, what one end waits with for one descriptor and one event; else nothing. An instance
// for reading and one for writing: in a common one the room that is nearly always there would end
// every wait for a message, unless an epoll_ctl switched it off and on again. Made by the end, and
// so in the process that runs it.
class EventPoll {
 public:
  EventPoll(Wait wait, int fd, std::uint32_t events) {
    if (wait != Wait::epoll) return;
    fd_ = Fd(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    epoll_event event{.events = events, .data = {}};
    check(::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
  [[nodiscard]] int get() const { return fd_.get(); }

 private:
  Fd fd_;
};

// What waits with a deadline; kernels below 5.11 and some emulators have only epoll_wait, which
// counts milliseconds.
inline void require_epoll_pwait2() {
  const Fd epoll(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  epoll_event ready{};
  constexpr timespec kNow{};
  available(::epoll_pwait2(epoll.get(), &ready, 1, &kNow, nullptr), "epoll_pwait2");
}

// Called each time a non-blocking descriptor answered EAGAIN, until one operation has succeeded; by
// a reader also before its first try.
class FdPatience {
 public:
  // `epoll`: the instance that waits for the same, where the policy is epoll.
  FdPatience(Wait wait, int fd, short events, std::uint64_t spin_budget_ns, int epoll = -1)
      : wait_(wait), fd_(fd), events_(events), epoll_(epoll), spin_budget_ns_(spin_budget_ns) {}

  // Before the first read: a readiness loop waits, the others try. False when the deadline passed.
  bool before(std::optional<Deadline> deadline = std::nullopt) {
    if (wait_ != Wait::poll && wait_ != Wait::epoll) return true;
    // A wait may return with nothing: on a signal, or early by what its timeout was rounded.
    for (;;) {
      const int ready = wait(deadline);
      if (ready > 0) return true;
      if (ready == 0 && deadline && passed(*deadline)) return false;
    }
  }

  // False when the deadline has passed.
  bool again(std::optional<Deadline> deadline = std::nullopt) {
    if (wait_ == Wait::yield) ::sched_yield();
    if (wait_ == Wait::spin || wait_ == Wait::yield) return !deadline || !passed(*deadline);
    if (wait_ == Wait::spin_then_block) {
      if (budget_.monotonic_ns == 0) budget_ = deadline_in(spin_budget_ns_);
      if (!passed(budget_)) return !deadline || !passed(*deadline);
    }
    return wait(deadline) > 0 || !deadline || !passed(*deadline);
  }

 private:
  // How many are ready: 1, or 0 on a time-out and when a signal came.
  int wait(std::optional<Deadline> deadline) {
    const int ready = wait_ == Wait::epoll ? wait_epoll(deadline) : wait_poll(deadline);
    if (ready < 0 && errno != EINTR) check(-1, wait_ == Wait::epoll ? "epoll_wait" : "poll");
    return ready < 0 ? 0 : ready;
  }

  int wait_poll(std::optional<Deadline> deadline) {
    pollfd ready{.fd = fd_, .events = events_, .revents = 0};
    if (!deadline) return ::poll(&ready, 1, -1);
    const timespec left = remaining(*deadline);  // poll's own timeout counts milliseconds
    return ::ppoll(&ready, 1, &left, nullptr);
  }

  int wait_epoll(std::optional<Deadline> deadline) {
    epoll_event ready{};
    if (!deadline) return ::epoll_wait(epoll_, &ready, 1, -1);
    const timespec left = remaining(*deadline);
    return ::epoll_pwait2(epoll_, &ready, 1, &left, nullptr);
  }

  Wait wait_;
  int fd_;
  short events_;
  int epoll_;
  std::uint64_t spin_budget_ns_;
  Deadline
      budget_{};  // set at the first refusal: an operation that succeeds at once reads no clock
};

// For descriptors that block themselves: false when the deadline passed before there was something
// to read. A read of one could not come back without; what lies there already beats the deadline.
[[nodiscard]] inline bool readable_until(int fd, Deadline deadline) {
  for (;;) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    const timespec left = remaining(deadline);
    const int rc = ::ppoll(&ready, 1, &left, nullptr);
    if (rc > 0) return true;
    if (rc < 0 && errno != EINTR) check(rc, "ppoll");
    if (passed(deadline)) return false;
  }
}

}  // namespace ipcmark
