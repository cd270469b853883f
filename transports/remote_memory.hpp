// Copying from or to the memory of another process, and being let.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "transports/posix.hpp"
#include "transports/proc_number.hpp"

namespace ipcmark::remote_memory {

// process_vm_readv or process_vm_writev, and its name in errors.
struct Read {
  static constexpr const char* kName = "process_vm_readv";
  static constexpr auto kCall = &::process_vm_readv;
};
struct Write {
  static constexpr const char* kName = "process_vm_writev";
  static constexpr auto kCall = &::process_vm_writev;
};

// Not being let is a limit of the machine, whenever it is found.
template <class Call>
[[noreturn]] void denied() {
  const int error = errno;  // reading the knob below may fail too
  if (error != EPERM && error != ENOSYS) check(-1, Call::kName);
  refused(Call::kName, error,
          "kernel.yama.ptrace_scope " + proc_text("sys/kernel/yama/ptrace_scope"));
}

// All of `ours`, to or from the address `theirs` in the peer; a call may move only a part.
template <class Call>
void move(pid_t peer, std::span<std::byte> ours, std::uint64_t theirs) {
  while (!ours.empty()) {
    const iovec local{ours.data(), ours.size()};
    // An address of the other process, never followed here.
    const iovec remote{reinterpret_cast<void*>(theirs), ours.size()};
    const ssize_t n = Call::kCall(peer, &local, 1, &remote, 1, 0);
    if (n < 0) denied<Call>();
    ours = ours.subspan(static_cast<std::size_t>(n));
    theirs += static_cast<std::uint64_t>(n);
  }
}

// Lets the peer in under kernel.yama.ptrace_scope 1, which else lets only ancestors. Without Yama
// there is nothing to be let through, and the call fails.
inline void allow(pid_t peer) { ::prctl(PR_SET_PTRACER, static_cast<unsigned long>(peer)); }

// The kernel's own word on whether it can be done at all: a byte of a child of this process, which
// is let in under scope 1 as a peer that has been allowed is.
template <class Call>
void require_possible() {
  static std::byte byte{};
  const pid_t child = check(::fork(), "fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  const struct Ended {
    pid_t pid;
    ~Ended() {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  } ended{child};
  move<Call>(child, {&byte, 1}, reinterpret_cast<std::uintptr_t>(&byte));
}

}  // namespace ipcmark::remote_memory
