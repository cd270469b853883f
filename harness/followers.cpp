#include "harness/followers.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "transports/pages.hpp"

namespace ipcmark {

namespace {

enum Came : int { kRight = 0, kWrong = 1, kNotMapped = 2 };
constexpr int kPatienceMs = 1000;
constexpr int kPagesAMs = 16;  // that a child links and follows at least

std::size_t list_bytes(const Case& point) { return point.working_pages * base_page_bytes(); }

std::uint64_t walked_by(Pointers kind, const std::byte* base, std::uint64_t hops) {
  const auto* at = reinterpret_cast<const ListNode*>(base);
  switch (kind) {
    case Pointers::raw:
      return walk<Pointers::raw>(at, base, hops);
    case Pointers::offset64:
      return walk<Pointers::offset64>(at, base, hops);
    case Pointers::offset32:
      return walk<Pointers::offset32>(at, base, hops);
    case Pointers::self_relative:
      return walk<Pointers::self_relative>(at, base, hops);
    case Pointers::none:
      break;
  }
  return 0;
}

// In the child: the list is mapped for itself, and where its maker had it there is nothing any
// more, or a list of somebody else's, which looks like this one and holds other values.
[[noreturn]] void follow(const ListMemory& memory, const Case& point, Left left) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGSEGV, SIG_DFL);
  ::signal(SIGBUS, SIG_DFL);
  const bool raw = point.pointers == Pointers::raw;
  const Mapping& made = raw ? memory.common_raw : memory.common_other;
  void* here = ::mmap(nullptr, made.size(), PROT_READ, MAP_SHARED,
                      (raw ? memory.raw : memory.other).get(), 0);
  if (here == MAP_FAILED || here == made.data()) ::_exit(kNotMapped);
  ::munmap(made.data(), made.size());
  const std::size_t bytes = list_bytes(point);
  if (left == Left::another_list) {
    void* other = ::mmap(made.data(), made.size(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (other == MAP_FAILED) ::_exit(kNotMapped);
    for (std::size_t i = 0; i < bytes; i += kListNodeBytes) {
      const ListNode node{.link = reinterpret_cast<std::uintptr_t>(other) + i, .value = bytes + i};
      std::memcpy(static_cast<std::byte*>(other) + i, &node, sizeof node);
    }
  }
  const std::uint64_t nodes = bytes / kListNodeBytes;
  const std::uint64_t sum = walked_by(point.pointers, static_cast<const std::byte*>(here), nodes);
  ::_exit(sum == walked_sum(nodes, nodes) ? kRight : kWrong);
}

// How it ended, within its time.
int ended(pid_t child, int patience_ms) {
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd waits{.fd = handle.get(), .events = POLLIN, .revents = 0};
  const bool late = !handle || ::poll(&waits, 1, patience_ms) != 1;
  if (late) ::kill(child, SIGKILL);
  int status = 0;
  check(::waitpid(child, &status, 0), "waitpid");
  if (late) throw std::runtime_error("a child that followed a list did not end in time");
  return status;
}

}  // namespace

Followed follow_elsewhere(const ListMemory& memory, const Case& point, Left left,
                          std::uint64_t trials) {
  Followed found;
  for (; found.trials < trials; ++found.trials) {
    const pid_t child = check(::fork(), "fork");
    if (child == 0) follow(memory, point, left);
    const int status =
        ended(child, kPatienceMs + static_cast<int>(point.working_pages) / kPagesAMs);
    const int came = WIFEXITED(status) ? WEXITSTATUS(status) : kNotMapped;
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS)) {
      ++found.faults;
    } else if (came == kNotMapped) {
      throw std::runtime_error(
          fmt::format("a child that followed a list ended with {:#x}", status));
    } else {
      ++(came == kRight ? found.right : found.wrong);
    }
  }
  return found;
}

}  // namespace ipcmark
