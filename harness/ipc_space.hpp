// An IPC namespace of a launch's own: System V objects and POSIX queues live in it, its limits are
// its own, and what is left in it ends with the last process of the launch.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ipcmark {

// Moves the calling process, which must have one thread, and all that it starts into a namespace of
// their own and raises what that one allows. Nobody else's limits change. Throws Unavailable
// "unshare: Operation not permitted", or naming the file that may not be written.
void enter_private_ipc();

// What limits message queues where the caller is, by the names of the knobs: numbers, null where
// there is no limit or the kernel does not say.
[[nodiscard]] nlohmann::json ipc_limits_now();

}  // namespace ipcmark
