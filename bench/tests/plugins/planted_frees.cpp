// A planted bug, and the same without it: the built-in ring, whose ends each keep a thread that
// works in memory of its own, on another CPU. The one that gives its memory back to the kernel each
// time has the CPU of its process's other thread interrupted: a shootdown. Nothing of the channel
// is touched.
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stop_token>
#include <system_error>
#include <thread>

#include "transports/plugin.hpp"
#include "transports/registry.hpp"
#include "transports/shm_end.hpp"

namespace {

using namespace ipcmark;

constexpr std::size_t kWorkBytes = 64 * 1024;
constexpr std::int64_t kPauseNs = 200'000;  // thousands a second, and most of a CPU left to its end

// Every CPU but one, as far as the machine lets this thread have them.
void leave_cpu(int cpu) {
  cpu_set_t others;
  CPU_ZERO(&others);
  for (int i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &others);
  CPU_CLR(cpu, &others);
  check(::sched_setaffinity(0, sizeof others, &others), "sched_setaffinity");
}

Mapping fresh_memory() {
  void* data =
      ::mmap(nullptr, kWorkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return {data, kWorkBytes};
}

// Keeps its thread for as long as it lives; made on the CPU of the end.
class Worker {
 public:
  explicit Worker(bool frees)
      : thread_([frees, cpu = ::sched_getcpu()](const std::stop_token& stop) {
          leave_cpu(cpu);
          Mapping memory = fresh_memory();
          for (; !stop.stop_requested(); sleep_until(monotonic_now() + kPauseNs)) {
            prefault(memory.bytes(), kWorkBytes);
            if (frees) memory = fresh_memory();
          }
        }) {}

 private:
  std::jthread thread_;
};

template <Wait W>
struct Futexes {
  Bells<W> meet(const Direction&) { return {}; }
};

template <Wait W>
class WorkingEnd {
 public:
  WorkingEnd(const ShmRooms& rooms, Role role, bool frees)
      : inner_(rooms, role), worker_(std::make_unique<Worker>(frees)) {}

  void reshape(const Shape& shape) { inner_.reshape(shape); }
  void send(std::span<const std::byte> message) { inner_.send(message); }
  std::size_t recv(std::span<std::byte> buffer) { return inner_.recv(buffer); }
  [[nodiscard]] std::uint64_t slots() const { return inner_.slots(); }
  [[nodiscard]] std::uint64_t page_bytes() const { return inner_.page_bytes(); }

 private:
  ShmEnd<Futexes<W>> inner_;
  std::unique_ptr<Worker> worker_;
};

template <bool Frees>
class WorkingRing {
 public:
  static constexpr Traits traits{.name = Frees ? "ring_tidy" : "ring_hoarding",
                                 .summary = "a ring whose ends work beside it",
                                 .family = Family::shared_memory,
                                 .copies = 2,
                                 .shares_memory = true,
                                 .takes_depth = true};

  explicit WorkingRing(const Shape& widest) : rooms_(widest) {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) refused("sched_setaffinity", EINVAL, "one CPU");
  }

  template <Wait W>
  requires(!kSleeps<W>) WorkingEnd<W> client(int) { return {rooms_, Role::client, Frees}; }
  template <Wait W>
  requires(!kSleeps<W>) WorkingEnd<W> server(int) { return {rooms_, Role::server, Frees}; }

 private:
  ShmRooms rooms_;
};

const Register<WorkingRing<true>> frees;
const Register<WorkingRing<false>> keeps;

}  // namespace

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
    ipcmark::describe_plugin("planted_frees");
