// Two rings in shared memory; what is in them is counted by a set of four System V semaphores:
// items and spaces of the messages, then of the replies.
//
// A message costs its two copies (none in place), one semop(2) to tell and one to wait: the counts
// lie in the kernel, so that every P and V is a call, whether or not anybody sleeps. What
// surprises: the whole set is under one lock; a value stops at SEMVMX (32767), so a ring cannot be
// deeper; and the set outlives its processes until somebody removes it. One call can give or take
// several, and a batch is given and taken so.
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <string>

#include "transports/counted.hpp"
#include "transports/registry.hpp"
#include "transports/shm_end.hpp"
#include "transports/sysv_journal.hpp"

namespace ipcmark {
namespace {

constexpr int kSemaphores = 4;
constexpr std::uint64_t kMostValue = 32767;  // the kernel's SEMVMX, which is no knob

// Removed by the process that created it: a forked end carries a copy of this object.
class SemaphoreSet {
 public:
  SemaphoreSet()
      : creator_(::getpid()), id_(create_journalled("sem", "semget", [](key_t key) {
          return ::semget(key, kSemaphores, IPC_CREAT | IPC_EXCL | 0600);
        })) {
    clear(id_);
  }
  SemaphoreSet(const SemaphoreSet&) = delete;
  SemaphoreSet& operator=(const SemaphoreSet&) = delete;
  ~SemaphoreSet() {
    if (::getpid() == creator_) ::semctl(id_, 0, IPC_RMID);
  }

  [[nodiscard]] int id() const { return id_; }

  static void clear(int id) {
    unsigned short zero[kSemaphores] = {};
    union {  // semctl(2): the caller defines it
      int val;
      unsigned short* array;
    } values{.array = zero};
    check(::semctl(id, 0, SETALL, values), "semctl");
  }

 private:
  pid_t creator_;
  int id_;
};

class SysvSem {
 public:
  SysvSem() = default;
  SysvSem(int id, int index) : id_(id), index_(static_cast<unsigned short>(index)) {}

  void give(std::uint64_t n) {
    while (interrupted(operate(static_cast<int>(n), 0))) continue;
  }
  void take() {
    while (interrupted(operate(-1, 0))) continue;
  }
  bool take_until(Deadline deadline) {
    do {
      const timespec left = remaining(deadline);
      if (operate(-1, 0, &left) == 0) return true;
      if (errno != EAGAIN && errno != EINTR) check(-1, "semtimedop");
    } while (!passed(deadline));
    return take_now();
  }
  bool take_now() {
    if (operate(-1, IPC_NOWAIT) == 0) return true;
    if (errno != EAGAIN && errno != EINTR) check(-1, "semop");
    return false;
  }
  // Only the caller takes from it, so what it holds now it still holds when it is taken.
  std::uint64_t take_more(std::uint64_t most) {
    const auto there = static_cast<std::uint64_t>(check(::semctl(id_, index_, GETVAL), "semctl"));
    const std::uint64_t n = std::min(most, there);
    if (n > 0) check(operate(-static_cast<int>(n), IPC_NOWAIT), "semop");
    return n;
  }

 private:
  int operate(int change, short flags, const timespec* timeout = nullptr) const {
    sembuf operation{.sem_num = index_, .sem_op = static_cast<short>(change), .sem_flg = flags};
    return timeout == nullptr ? ::semop(id_, &operation, 1)
                              : ::semtimedop(id_, &operation, 1, timeout);
  }
  static bool interrupted(int result) {
    if (result < 0 && errno != EINTR) check(result, "semop");
    return result < 0;
  }

  int id_ = -1;
  unsigned short index_ = 0;
};

struct SetOfSemaphores {
  int id;

  Counted<SysvSem> meet(const Direction& direction) {
    const int first = direction.sender == Role::client ? 0 : 2;
    // The messages' comes first, and clears the replies' too.
    if (direction.home && first == 0) SemaphoreSet::clear(id);
    return {direction.wait, SysvSem(id, first), SysvSem(id, first + 1)};
  }
};

class ShmSysvSem {
 public:
  static constexpr Traits traits{.name = "shm_sysv_sem",
                                 .summary = "rings in shared memory, System V semaphores",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmSysvSem(const Shape& widest) : rooms_(widest) {
    const auto deepest = std::max<std::uint64_t>(widest.depth, std::uint64_t{2} * widest.batch);
    if (std::bit_ceil(deepest) > kMostValue) {
      refused("semop", ERANGE,
              "slots " + std::to_string(std::bit_ceil(deepest)) + "; SEMVMX " +
                  std::to_string(kMostValue));
    }
  }

  template <Wait W>
  ShmEnd<SetOfSemaphores> client(int) {
    return {rooms_, Role::client, {set_.id()}};
  }
  template <Wait W>
  ShmEnd<SetOfSemaphores> server(int) {
    return {rooms_, Role::server, {set_.id()}};
  }

 private:
  ShmRooms rooms_;
  SemaphoreSet set_;
};

const Register<ShmSysvSem> registered;

}  // namespace
}  // namespace ipcmark
