// Two rings in shared memory whose indices are guarded by a process-shared read-write lock: looking
// takes it shared, publishing takes it alone.
//
// A message costs its two copies (none in place), one lock for writing by its sender and one for
// reading at each look of its receiver; the kernel is never called. What surprises: a read-write
// lock has no way to wait for what it guards, so who finds nothing can only let go and look again,
// spinning or yielding, and keeps the writer out meanwhile; the lock is therefore only ever tried.
// It cannot be robust either: an end killed inside stops the other, which then spins until it is
// killed too.
#include <pthread.h>

#include <cerrno>

#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace ipcmark {
namespace {

void must(int error, const char* call) {
  if (error != 0) throw std::system_error(error, std::generic_category(), call);
}

struct alignas(kLineDistance) Guarded {
  pthread_rwlock_t lock;
  std::uint64_t published;
  std::uint64_t released;
};

void initialise(Guarded& shared) {
  pthread_rwlockattr_t attributes;
  must(::pthread_rwlockattr_init(&attributes), "pthread_rwlockattr_init");
  must(::pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED),
       "pthread_rwlockattr_setpshared");
  must(::pthread_rwlock_init(&shared.lock, &attributes), "pthread_rwlock_init");
  ::pthread_rwlockattr_destroy(&attributes);
}

// What a try of the lock answers: whether it was had. EAGAIN is too many readers.
bool had(int error, const char* call) {
  if (error == EBUSY || error == EAGAIN) return false;
  must(error, call);
  return true;
}

class ReadersAndWriter {
 public:
  static constexpr bool kTags = false;
  static constexpr bool kGivesWhenIdle = false;

  ReadersAndWriter() = default;
  ReadersAndWriter(Guarded& shared, Wait wait) : shared_(&shared), yields_(wait == Wait::yield) {}

  void publish(RingControl&, std::uint64_t, std::uint64_t to) { set(shared_->published, to); }
  void give_back(RingControl&, std::uint64_t, std::uint64_t to) { set(shared_->released, to); }

  std::uint64_t published(RingControl&, std::uint64_t known) const { return known; }
  std::uint64_t await_published(RingControl&, std::uint64_t known, std::uint64_t,
                                std::optional<Deadline> deadline) {
    return await(shared_->published, known, deadline);
  }
  std::uint64_t await_released(RingControl&, std::uint64_t known, std::uint64_t) {
    return await(shared_->released, known, std::nullopt);
  }

 private:
  void set(std::uint64_t& position, std::uint64_t to) {
    const auto written = [&] {
      if (!had(::pthread_rwlock_trywrlock(&shared_->lock), "pthread_rwlock_trywrlock"))
        return false;
      position = to;
      must(::pthread_rwlock_unlock(&shared_->lock), "pthread_rwlock_unlock");
      return true;
    };
    bell::spin_until(std::nullopt, written, yields_);
  }

  std::uint64_t await(const std::uint64_t& position, std::uint64_t known,
                      std::optional<Deadline> deadline) {
    std::uint64_t seen = known;
    const auto moved = [&] {
      if (!had(::pthread_rwlock_tryrdlock(&shared_->lock), "pthread_rwlock_tryrdlock"))
        return false;
      seen = position;
      must(::pthread_rwlock_unlock(&shared_->lock), "pthread_rwlock_unlock");
      return seen != known;
    };
    bell::spin_until(deadline, moved, yields_);
    return seen;
  }

  Guarded* shared_ = nullptr;
  bool yields_ = false;
};

struct Locks {
  ReadersAndWriter meet(const Direction& direction) {
    auto& shared = *reinterpret_cast<Guarded*>(direction.shared);
    if (direction.home) initialise(shared);
    return {shared, direction.wait};
  }
};

class ShmRwlock {
 public:
  static constexpr Traits traits{.name = "shm_rwlock",
                                 .summary = "rings in shared memory, a read-write lock",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmRwlock(const Shape& widest) : rooms_(widest, sizeof(Guarded)) {}

  template <Wait W>
  requires(!kSleeps<W>) ShmEnd<Locks> client(int) { return {rooms_, Role::client, {}}; }
  template <Wait W>
  requires(!kSleeps<W>) ShmEnd<Locks> server(int) { return {rooms_, Role::server, {}}; }

 private:
  ShmRooms rooms_;
};

const Register<ShmRwlock> registered;

}  // namespace
}  // namespace ipcmark
