// Who the peer is, for calls that name a process or a thread instead of a descriptor. Each end
// enters itself, in shared memory, when it is reshaped; by the first message both have.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "transports/transport.hpp"

namespace ipcmark {

// Such ends have no descriptor, and so nothing to poll.
template <Wait W>
concept WithoutDescriptor =
    W == Wait::spin || W == Wait::yield || W == Wait::spin_then_block || W == Wait::block;

struct alignas(kLineDistance) PeerIds {
  std::atomic<pid_t> pid, tid;

  // By the thread that runs the end. Release and acquire for form: the ends meet between this and
  // their first message.
  void introduce() {
    pid.store(::getpid(), std::memory_order_release);
    tid.store(static_cast<pid_t>(::syscall(SYS_gettid)), std::memory_order_release);
  }
};

}  // namespace ipcmark
