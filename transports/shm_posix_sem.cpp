// Two rings in shared memory; what is in them is counted by unnamed POSIX semaphores that lie
// beside them: the classic bounded buffer.
//
// A message costs its two copies (none in place), one sem_post and one sem_wait. Either is one
// locked instruction; the kernel is called (futex) only to sleep at zero and to wake who sleeps.
// What surprises: a batch is as many posts as messages, because no call posts several; and a killed
// end takes the count that it had taken with it, so that a ring cannot be handed to another
// process.
#include "transports/counted.hpp"
#include "transports/posix_sem.hpp"
#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace ipcmark {
namespace {

struct Semaphores {
  alignas(kLineDistance) sem_t items;
  alignas(kLineDistance) sem_t spaces;
};

struct UnnamedSemaphores {
  Counted<PosixSem> meet(const Direction& direction) {
    auto& shared = *reinterpret_cast<Semaphores*>(direction.shared);
    if (direction.home) {
      check(::sem_init(&shared.items, 1, 0), "sem_init");
      check(::sem_init(&shared.spaces, 1, 0), "sem_init");
    }
    return {direction.wait, PosixSem(&shared.items), PosixSem(&shared.spaces)};
  }
};

class ShmPosixSem {
 public:
  static constexpr Traits traits{.name = "shm_posix_sem",
                                 .summary = "rings in shared memory, POSIX semaphores beside them",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmPosixSem(const Shape& widest) : rooms_(widest, sizeof(Semaphores)) {}

  template <Wait W>
  ShmEnd<UnnamedSemaphores> client(int) {
    return {rooms_, Role::client, {}};
  }
  template <Wait W>
  ShmEnd<UnnamedSemaphores> server(int) {
    return {rooms_, Role::server, {}};
  }

 private:
  ShmRooms rooms_;
};

const Register<ShmPosixSem> registered;

}  // namespace
}  // namespace ipcmark
