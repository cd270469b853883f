// Two rings in shared memory whose indices are guarded by a process-shared mutex, with a condition
// variable for "not empty" and one for "not full": the bounded buffer of the textbooks.
//
// A message costs its two copies (none in place; payload is written and read outside the lock), a
// lock, an unlock and a signal on the sender's side, a lock and an unlock on the receiver's. The
// kernel is called (futex) only where the lock is taken or somebody sleeps. What surprises: a woken
// receiver must take the lock that its waker may still hold; and the mutex has to be robust, or an
// end killed inside would stop the other for good: here the other gets an error that names it.
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace ipcmark {
namespace {

void must(int error, const char* call) {
  if (error != 0) throw std::system_error(error, std::generic_category(), call);
}

// One direction; all on its own lines, away from the slots.
struct alignas(kLineDistance) Guarded {
  pthread_mutex_t mutex;
  pthread_cond_t not_empty;
  pthread_cond_t not_full;
  std::uint64_t published;  // guarded by mutex, as is released
  std::uint64_t released;
  std::atomic<pid_t> holders[2];  // by role, for the error that names a dead one
};

// Not destroyed at the next rung but laid out anew: glibc's destroy waits for waiters, and a killed
// one never leaves.
void initialise(Guarded& shared) {
  pthread_mutexattr_t lock;
  must(::pthread_mutexattr_init(&lock), "pthread_mutexattr_init");
  must(::pthread_mutexattr_setpshared(&lock, PTHREAD_PROCESS_SHARED),
       "pthread_mutexattr_setpshared");
  must(::pthread_mutexattr_setrobust(&lock, PTHREAD_MUTEX_ROBUST), "pthread_mutexattr_setrobust");
  must(::pthread_mutex_init(&shared.mutex, &lock), "pthread_mutex_init");
  ::pthread_mutexattr_destroy(&lock);
  pthread_condattr_t wait;
  must(::pthread_condattr_init(&wait), "pthread_condattr_init");
  must(::pthread_condattr_setpshared(&wait, PTHREAD_PROCESS_SHARED), "pthread_condattr_setpshared");
  must(::pthread_condattr_setclock(&wait, CLOCK_MONOTONIC), "pthread_condattr_setclock");
  must(::pthread_cond_init(&shared.not_empty, &wait), "pthread_cond_init");
  must(::pthread_cond_init(&shared.not_full, &wait), "pthread_cond_init");
  ::pthread_condattr_destroy(&wait);
}

// What a lock answers. A dead owner leaves two numbers that are each written at once, so the state
// is consistent; but the channel has no peer any more, which is an error.
void expect_alive(Guarded& shared, Role self, int error, const char* call) {
  if (error != EOWNERDEAD) return must(error, call);
  ::pthread_mutex_consistent(&shared.mutex);
  ::pthread_mutex_unlock(&shared.mutex);
  const bool client = self == Role::client;
  const auto& holder = shared.holders[static_cast<int>(client ? Role::server : Role::client)];
  throw std::system_error(error, std::generic_category(),
                          std::string(call) + ": the " + (client ? "server" : "client") +
                              ", process " + std::to_string(holder.load()) + ", died inside");
}

class Lock {
 public:
  Lock(Guarded& shared, Role self) : shared_(shared), self_(self) {
    expect_alive(shared, self, ::pthread_mutex_lock(&shared.mutex), "pthread_mutex_lock");
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (held_) ::pthread_mutex_unlock(&shared_.mutex);
  }

  // False when the deadline passed first.
  bool wait(pthread_cond_t& condition, std::optional<Deadline> deadline) {
    const timespec until = to_timespec(deadline ? deadline->monotonic_ns : 0);
    const int error = deadline ? ::pthread_cond_timedwait(&condition, &shared_.mutex, &until)
                               : ::pthread_cond_wait(&condition, &shared_.mutex);
    if (error == ETIMEDOUT) return false;
    if (error == EOWNERDEAD) held_ = false;  // expect_alive lets go
    expect_alive(shared_, self_, error, "pthread_cond_wait");
    return true;
  }

 private:
  Guarded& shared_;
  Role self_;
  bool held_ = true;
};

class Monitor {
 public:
  static constexpr bool kTags = false;
  static constexpr bool kGivesWhenIdle = false;

  Monitor() = default;
  Monitor(Guarded& shared, Role self) : shared_(&shared), self_(self) {}

  void publish(RingControl&, std::uint64_t, std::uint64_t to) {
    set(shared_->published, to, shared_->not_empty);
  }
  void give_back(RingControl&, std::uint64_t, std::uint64_t to) {
    set(shared_->released, to, shared_->not_full);
  }
  // Not without the lock, and with it one can as well wait.
  std::uint64_t published(RingControl&, std::uint64_t known) const { return known; }
  std::uint64_t await_published(RingControl&, std::uint64_t known, std::uint64_t spin_budget_ns,
                                std::optional<Deadline> deadline) {
    return await(shared_->published, known, shared_->not_empty, spin_budget_ns, deadline);
  }
  std::uint64_t await_released(RingControl&, std::uint64_t known, std::uint64_t spin_budget_ns) {
    return await(shared_->released, known, shared_->not_full, spin_budget_ns, std::nullopt);
  }

 private:
  // Signalled outside the lock: who wakes finds it free.
  void set(std::uint64_t& position, std::uint64_t to, pthread_cond_t& changed) {
    {
      const Lock lock(*shared_, self_);
      position = to;
    }
    must(::pthread_cond_signal(&changed), "pthread_cond_signal");
  }

  std::uint64_t await(const std::uint64_t& position, std::uint64_t known, pthread_cond_t& changed,
                      std::uint64_t spin_budget_ns, std::optional<Deadline> deadline) {
    std::uint64_t seen = known;
    const auto moved = [&] {
      const Lock lock(*shared_, self_);
      return (seen = position) != known;
    };
    bell::wait_or<Wait::block>(spin_budget_ns, deadline, moved, [&] {
      Lock lock(*shared_, self_);
      while ((seen = position) == known) {
        if (!lock.wait(changed, deadline)) break;
      }
      seen = position;
      return seen != known;
    });
    return seen;
  }

  Guarded* shared_ = nullptr;
  Role self_ = Role::client;
};

struct Monitors {
  Monitor meet(const Direction& direction) {
    auto& shared = *reinterpret_cast<Guarded*>(direction.shared);
    if (direction.home) initialise(shared);
    shared.holders[static_cast<int>(direction.self)].store(::getpid());
    return {shared, direction.self};
  }
};

class ShmMutexCond {
 public:
  static constexpr Traits traits{
      .name = "shm_mutex_cond",
      .summary = "rings in shared memory, a robust mutex and two condition variables",
      .family = Family::shared_memory,
      .copies = 2,
      .shares_memory = true,
      .takes_depth = true};

  explicit ShmMutexCond(const Shape& widest) : rooms_(widest, sizeof(Guarded)) {}

  // A condition variable is for sleeping; who only spins wants a lock without one (shm_rwlock).
  template <Wait W>
  requires(kSleeps<W>) ShmEnd<Monitors> client(int) { return {rooms_, Role::client, {}}; }
  template <Wait W>
  requires(kSleeps<W>) ShmEnd<Monitors> server(int) { return {rooms_, Role::server, {}}; }

 private:
  ShmRooms rooms_;
};

const Register<ShmMutexCond> registered;

}  // namespace
}  // namespace ipcmark
