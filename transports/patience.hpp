// How an end on descriptors lets time pass while one is not ready.
#pragma once

#include <poll.h>
#include <sched.h>

#include <cerrno>
#include <cstdint>
#include <optional>

#include "transports/posix.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// Called each time a non-blocking descriptor answered EAGAIN, until one operation has succeeded.
template <Wait W>
class FdPatience {
 public:
  FdPatience(int fd, short events, std::uint64_t spin_budget_ns)
      : fd_(fd), events_(events), spin_budget_ns_(spin_budget_ns) {}

  // False when the deadline has passed.
  bool again(std::optional<Deadline> deadline = std::nullopt) {
    if constexpr (W == Wait::yield) ::sched_yield();
    if constexpr (W == Wait::spin || W == Wait::yield) return !deadline || !passed(*deadline);
    if constexpr (W == Wait::spin_then_block) {
      if (budget_.monotonic_ns == 0) budget_ = deadline_in(spin_budget_ns_);
      if (!passed(budget_)) return !deadline || !passed(*deadline);
    }
    return sleep(deadline);
  }

 private:
  bool sleep(std::optional<Deadline> deadline) {
    pollfd ready{.fd = fd_, .events = events_, .revents = 0};
    if (!deadline) {
      if (::ppoll(&ready, 1, nullptr, nullptr) < 0 && errno != EINTR) check(-1, "ppoll");
      return true;
    }
    const timespec left = remaining(*deadline);
    const int rc = ::ppoll(&ready, 1, &left, nullptr);
    if (rc < 0 && errno != EINTR) check(-1, "ppoll");
    return rc > 0 || !passed(*deadline);
  }

  int fd_;
  short events_;
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
