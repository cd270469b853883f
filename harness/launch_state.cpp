#include "harness/launch_state.hpp"

#include <sys/mman.h>

namespace ipcmark {

static_assert(std::atomic<std::int64_t>::is_always_lock_free &&
              std::atomic<Phase>::is_always_lock_free);  // two programs share them

SharedLaunchState::SharedLaunchState()
    : memory_(check(::memfd_create("ipcmark-state", MFD_CLOEXEC), "memfd_create")) {
  check(::ftruncate(memory_.get(), sizeof(LaunchState)), "ftruncate");
  mapping_ = Mapping(memory_, sizeof(LaunchState));
}

SharedLaunchState::SharedLaunchState(int fd)
    : memory_(fd), mapping_(memory_, sizeof(LaunchState)) {}

}  // namespace ipcmark
