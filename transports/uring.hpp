// An io_uring of one end: a call is written into the submission ring, its result read from the
// completion ring.
#pragma once

#include <liburing.h>

#include <memory>
#include <string>

#include "transports/posix.hpp"
#include "transports/proc_number.hpp"

namespace ipcmark {

class Uring {
 public:
  // A send or a receive, and the deadline linked to it.
  static constexpr unsigned kEntries = 4;

  // Throws Unavailable where the kernel has none, or not for us.
  explicit Uring(unsigned flags) : ring_(new io_uring{}) {
    io_uring_params parameters{};
    parameters.flags = flags;
    const int rc = ::io_uring_queue_init_params(kEntries, ring_.get(), &parameters);
    if (rc == 0) {
      opened_.reset(ring_.get());
      return;
    }
    refused("io_uring_setup", -rc,
            "kernel.io_uring_disabled " + proc_text("sys/kernel/io_uring_disabled"));
  }

  [[nodiscard]] io_uring_sqe* entry() {
    io_uring_sqe* sqe = ::io_uring_get_sqe(ring_.get());
    if (sqe == nullptr) throw std::system_error(EBUSY, std::generic_category(), "io_uring_get_sqe");
    return sqe;
  }

  // Hands over what was entered; with `sleeps`, and waits for a completion in the same call.
  void submit(bool sleeps) {
    const int rc =
        sleeps ? ::io_uring_submit_and_wait(ring_.get(), 1) : ::io_uring_submit(ring_.get());
    if (rc < 0 && rc != -EINTR) fail(rc, "io_uring_enter");
  }

  // The next completion, taken; spinning looks at the ring and makes no call.
  io_uring_cqe next(bool sleeps) {
    io_uring_cqe* cqe = nullptr;
    while (::io_uring_peek_cqe(ring_.get(), &cqe) != 0) {
      if (!sleeps) continue;
      const int rc = ::io_uring_wait_cqe(ring_.get(), &cqe);
      if (rc == 0) break;
      if (rc != -EINTR) fail(rc, "io_uring_enter");
    }
    const io_uring_cqe taken = *cqe;
    ::io_uring_cqe_seen(ring_.get(), cqe);
    return taken;
  }

 private:
  [[noreturn]] static void fail(int rc, const char* call) {
    throw std::system_error(-rc, std::generic_category(), call);
  }
  struct Exit {
    void operator()(io_uring* ring) const { ::io_uring_queue_exit(ring); }
  };

  std::unique_ptr<io_uring> ring_;
  std::unique_ptr<io_uring, Exit> opened_;  // the same, while there is something to close
};

}  // namespace ipcmark
