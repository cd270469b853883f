// Two rings in shared memory; a real-time signal to the sleeping thread is the doorbell.
//
// A message costs its two copies (none in place) and no call while its receiver is awake. One that
// sleeps has said so in shared memory and costs rt_tgsigqueueinfo(2) and rt_sigtimedwait(2): a
// queue entry that is allocated and freed, and a wake-up. The signal stays blocked, so nothing is
// ever interrupted. What surprises: who may signal whom is a matter of users, not of who holds the
// memory; queued signals count against RLIMIT_SIGPENDING; and a knock for a sleep that is over
// stays queued, so the sleeper keeps account of those and takes them out.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace ipcmark {
namespace {

int knocking() { return SIGRTMIN; }

sigset_t only_knocking() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, knocking());
  return set;
}

// Whom to signal, by role, written by its own thread before a rung.
struct Sleeper {
  std::atomic<pid_t> process;
  std::atomic<pid_t> thread;
};
struct alignas(kLineDistance) Sleepers {
  Sleeper of[2];
};

class SignalDoor {
 public:
  static constexpr bool kCountsKnocks = true;

  SignalDoor() = default;
  explicit SignalDoor(const Sleeper& peer) : peer_(&peer) {}

  bool sleep(Bell&, std::optional<Deadline> deadline) {
    while (owed_ > 0 && taken(Deadline{})) continue;
    return taken(deadline);
  }
  // Both numbers: a thread of another process that has got the number since is not signalled.
  void knock(Bell&) const {
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    check(::syscall(SYS_rt_tgsigqueueinfo, peer_->process.load(std::memory_order_relaxed),
                    peer_->thread.load(std::memory_order_relaxed), knocking(), &info),
          "rt_tgsigqueueinfo");
  }
  void owed() { ++owed_; }

 private:
  // One signal taken; false on a time-out.
  bool taken(std::optional<Deadline> deadline) {
    const sigset_t set = only_knocking();
    const timespec left = remaining(deadline.value_or(Deadline{}));
    if (::sigtimedwait(&set, nullptr, deadline ? &left : nullptr) > 0) {
      --owed_;
      return true;
    }
    if (errno != EAGAIN && errno != EINTR) check(-1, "sigtimedwait");
    return errno == EINTR || !deadline || !passed(*deadline);
  }

  const Sleeper* peer_ = nullptr;
  std::int64_t owed_ = 0;  // knocks that were made for this end and are not taken yet
};

// The signal blocked for the thread that made the end, and for the time after ignored: a knock that
// comes late must not kill the process.
class BlockedSignal {
 public:
  BlockedSignal() {
    ::signal(knocking(), SIG_IGN);
    const sigset_t set = only_knocking();
    check(::sigprocmask(SIG_BLOCK, &set, &before_), "sigprocmask");
  }
  BlockedSignal(BlockedSignal&& other) noexcept
      : before_(other.before_), mine_(std::exchange(other.mine_, false)) {}
  BlockedSignal& operator=(BlockedSignal&&) = delete;
  ~BlockedSignal() {
    if (mine_) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_{};
  bool mine_ = true;
};

struct Signals {
  BlockedSignal blocked{};

  Bells<Wait::block, SignalDoor> meet(const Direction& direction) {
    auto& sleepers = *reinterpret_cast<Sleepers*>(direction.shared);
    const int self = static_cast<int>(direction.self);
    sleepers.of[self].process.store(::getpid(), std::memory_order_relaxed);
    sleepers.of[self].thread.store(::gettid(), std::memory_order_relaxed);
    return Bells<Wait::block, SignalDoor>(SignalDoor(sleepers.of[1 - self]));
  }
};

class ShmSignal {
 public:
  static constexpr Traits traits{.name = "shm_signal",
                                 .summary = "rings in shared memory, a queued signal as doorbell",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmSignal(const Shape& widest) : rooms_(widest, sizeof(Sleepers)) {}

  template <Wait W>
  requires(kSleeps<W>) ShmEnd<Signals> client(int) { return {rooms_, Role::client, {}}; }
  template <Wait W>
  requires(kSleeps<W>) ShmEnd<Signals> server(int) { return {rooms_, Role::server, {}}; }

 private:
  ShmRooms rooms_;
};

const Register<ShmSignal> registered;

}  // namespace
}  // namespace ipcmark
