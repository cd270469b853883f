// Two rings in shared memory; an eventfd of each end is the doorbell that its sleeper sleeps at.
//
// A message costs its two copies (none in place) and no call while its receiver is awake. One that
// sleeps has said so in shared memory and costs a write(2) and a read(2) of eight bytes and a
// wake-up: what a futex costs and a descriptor more, which is why programs with an event loop take
// it. Spinning and yielding poll that descriptor instead of the memory, as such a loop does, so
// each message then costs a write and one successful read, and a read that fails a look. What
// surprises: an eventfd counts, so a knock that came too late is found at the next sleep, as a
// spurious one.
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>

#include <utility>

#include "transports/patience.hpp"
#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace ipcmark {
namespace {

struct EventfdDoor {
  static constexpr bool kCountsKnocks = false;
  int mine = -1;
  int theirs = -1;
  Wait wait = Wait::block;

  bool sleep(Bell&, std::optional<Deadline> deadline) const {
    if (wait == Wait::block || wait == Wait::spin_then_block) {
      if (deadline && !readable_until(mine, *deadline)) return false;
      return heard();
    }
    while (!heard()) {
      if (wait == Wait::yield) ::sched_yield();
      if (deadline && passed(*deadline)) return false;
    }
    return true;
  }
  void knock(Bell&) const {
    const std::uint64_t one = 1;
    check(::write(theirs, &one, sizeof one), "write eventfd");
  }

 private:
  [[nodiscard]] bool heard() const {
    std::uint64_t knocks = 0;
    if (::read(mine, &knocks, sizeof knocks) > 0) return true;
    if (errno != EAGAIN && errno != EINTR) check(-1, "read eventfd");
    return false;
  }
};

// Each end's own, and the other's, to sleep at and to knock at.
struct Eventfds {
  Fd mine, theirs;
  // Who polls has gone to the door like who sleeps, and only stands there awake.
  Bells<Wait::block, EventfdDoor> meet(const Direction& direction) {
    return Bells<Wait::block, EventfdDoor>(
        {.mine = mine.get(), .theirs = theirs.get(), .wait = direction.wait});
  }
};

Fd open_eventfd(const Shape& shape) {
  const bool sleeps = shape.wait == Wait::block || shape.wait == Wait::spin_then_block;
  return Fd(available(::eventfd(0, EFD_CLOEXEC | (sleeps ? 0 : EFD_NONBLOCK)), "eventfd"));
}

class ShmEventfd {
 public:
  static constexpr Traits traits{.name = "shm_eventfd",
                                 .summary = "rings in shared memory, an eventfd as doorbell",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmEventfd(const Shape& widest)
      : rooms_(widest), clients_(open_eventfd(widest)), servers_(open_eventfd(widest)) {}

  template <Wait W>
  ShmEnd<Eventfds> client(int) {
    return {rooms_, Role::client, {clients_.duplicate(), servers_.duplicate()}};
  }
  template <Wait W>
  ShmEnd<Eventfds> server(int) {
    return {rooms_, Role::server, {servers_.duplicate(), clients_.duplicate()}};
  }

 private:
  ShmRooms rooms_;
  Fd clients_, servers_;
};

const Register<ShmEventfd> registered;

}  // namespace
}  // namespace ipcmark
