#pragma once

#include <sys/types.h>

#include <future>

#include "harness/system_calls.hpp"

namespace ipcmark {

// Stops the process at each entry to and exit from the kernel until its end mark, then lets it go;
// returns early when the process ends. `followed` is kept when no call can be missed any more, or
// broken with Unavailable "ptrace: Operation not permitted". To be run by a thread of its own: a
// traced process belongs to the thread that traces it.
[[nodiscard]] SystemCalls follow_with_ptrace(pid_t process, std::promise<void> followed);

}  // namespace ipcmark
