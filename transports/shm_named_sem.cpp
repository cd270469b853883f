// Two rings in shared memory; what is in them is counted by named POSIX semaphores, as programs use
// them that share nothing else at the start.
//
// A message costs what it costs with unnamed ones (shm_posix_sem): sem_open maps a file of
// /dev/shm, and from then on it is the same word in shared memory. What surprises: each semaphore
// is a page of its own, so the two ends touch four more pages; and sem_open makes the file under a
// random name before it links it to its own, so that a process killed between the two would leave a
// file that nobody can tell whose it is. So the file is made here, and sem_open finds it.
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "transports/counted.hpp"
#include "transports/posix_sem.hpp"
#include "transports/registry.hpp"
#include "transports/shm_end.hpp"
#include "transports/unpredictable.hpp"

namespace ipcmark {
namespace {

// A semaphore held open; sem_open counts its callers in a process and maps it once.
class Semaphore {
 public:
  Semaphore() = default;
  explicit Semaphore(const std::string& name) : sem_(::sem_open(name.c_str(), 0)) {
    if (sem_ == SEM_FAILED) available(-1, "sem_open");
  }
  Semaphore(Semaphore&& other) noexcept : sem_(std::exchange(other.sem_, SEM_FAILED)) {}
  Semaphore& operator=(Semaphore&& other) noexcept {
    std::swap(sem_, other.sem_);
    return *this;
  }
  ~Semaphore() {
    if (sem_ != SEM_FAILED) ::sem_close(sem_);
  }
  [[nodiscard]] PosixSem get() const { return PosixSem(sem_); }

 private:
  sem_t* sem_ = SEM_FAILED;
};

// Items and spaces of the messages, then those of the replies.
using Semaphores = std::array<Semaphore, 4>;

struct BothEnds {
  Semaphores client, server;
};

// A new file where the C library looks for a semaphore of that name.
Fd semaphore_file(const std::string& name) {
  const std::string file = "/sem." + name.substr(1);
  return Fd(available(::shm_open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600), "shm_open"));
}

// A semaphore between processes that counts nothing yet.
void write_semaphore(const Fd& file) {
  sem_t semaphore{};
  check(::sem_init(&semaphore, 1, 0), "sem_init");
  if (::write(file.get(), &semaphore, sizeof semaphore) != sizeof semaphore) {
    available(-1, "write");
  }
}

// Both ends hold a semaphore before its name goes. One that is left by an exception goes too.
BothEnds open_semaphores(const std::string& prefix) {
  BothEnds ends;
  for (std::size_t i = 0; i < ends.client.size(); ++i) {
    const std::string name = "/" + unpredictable(prefix) + "-sem" + std::to_string(i);
    const Fd file = semaphore_file(name);
    struct Unlink {
      const std::string& name;
      ~Unlink() { ::sem_unlink(name.c_str()); }
    } unlink{name};
    write_semaphore(file);
    ends.client[i] = Semaphore(name);
    ends.server[i] = Semaphore(name);
  }
  return ends;
}

struct NamedSemaphores {
  Semaphores held;

  Counted<PosixSem> meet(const Direction& direction) {
    const std::size_t first = direction.sender == Role::client ? 0 : 2;
    PosixSem items = held[first].get(), spaces = held[first + 1].get();
    // What the rung before left; there is no call that sets a count.
    if (direction.home) items.take_more(kNever), spaces.take_more(kNever);
    return {direction.wait, items, spaces};
  }
};

class ShmNamedSem {
 public:
  static constexpr Traits traits{.name = "shm_named_sem",
                                 .summary = "rings in shared memory, named POSIX semaphores",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit ShmNamedSem(const Shape& widest)
      : rooms_(widest), semaphores_(open_semaphores(widest.prefix)) {}

  template <Wait W>
  ShmEnd<NamedSemaphores> client(int) {
    return {rooms_, Role::client, {std::move(semaphores_.client)}};
  }
  template <Wait W>
  ShmEnd<NamedSemaphores> server(int) {
    return {rooms_, Role::server, {std::move(semaphores_.server)}};
  }

 private:
  ShmRooms rooms_;
  BothEnds semaphores_;
};

const Register<ShmNamedSem> registered;

}  // namespace
}  // namespace ipcmark
