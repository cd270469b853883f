#pragma once
#include <fcntl.h>

#include "harness/case.hpp"
#include "transports/posix.hpp"
namespace ipcmark {
class IdleHold {
 public:
  explicit IdleHold(Idle i) {
    if (i != Idle::default_) {
      fd_ = Fd(check(::open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC), "open"));
      int v = i == Idle::c1 ? 2 : 0;
      check(::write(fd_.get(), &v, 4), "write");
    }
  }

 private:
  Fd fd_;
};
}  // namespace ipcmark
