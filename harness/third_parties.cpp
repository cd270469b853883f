#include "harness/third_parties.hpp"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <nlohmann/json.hpp>

#include "harness/binding.hpp"
#include "harness/cast.hpp"
#include "harness/membarrier.hpp"
#include "harness/usage.hpp"
#include "harness/words.hpp"

namespace ipcmark {

// In memory that all of them share with the coordinator.
struct ThirdParties::Board {
  struct alignas(kLineDistance) One {
    std::atomic<std::uint64_t> done;    // rounds of work, or injections
    std::atomic<std::uint64_t> cpu_ns;  // while working
    std::atomic<int> cpu;               // where it was when it last stopped
  };
  std::atomic<std::uint32_t> working;  // what they sleep on
  std::atomic<std::uint32_t> bound, resting;
  std::array<One, 2 * kMostRoles> each;
};

namespace {

constexpr std::size_t kStreamBytes = 64 << 20;  // beyond most last-level caches
constexpr std::size_t kChunkBytes = 64 << 10;   // between two looks at the board
constexpr int kSpinRound = 1000;
constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 50'000};

Mapping shared_by_forks(std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return {at, bytes};
}

void spin_a_round() {
  std::uint64_t x = 1;
  for (int i = 0; i < kSpinRound; ++i) {
    x *= 6364136223846793005ull;
    asm volatile("" : "+r"(x));
  }
}

// Reads and writes memory, a chunk a round.
class Streamer {
 public:
  void round() {
    if (memory_.empty()) memory_.resize(kStreamBytes);
    for (std::size_t i = 0; i < kChunkBytes; i += 64) ++memory_[at_ + i];
    at_ = (at_ + kChunkBytes) % kStreamBytes;
  }

 private:
  std::vector<unsigned char> memory_;
  std::size_t at_ = 0;
};

// The next of events that are 1/rate apart; what is late is made up for.
class Rate {
 public:
  explicit Rate(std::uint64_t per_s)
      : gap_ns_(1'000'000'000 / std::max<std::uint64_t>(per_s, 1)), next_ns_(monotonic_now()) {}
  void await() {
    next_ns_ += static_cast<std::int64_t>(gap_ns_);
    const timespec until = to_timespec(next_ns_);
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }

 private:
  std::uint64_t gap_ns_;
  std::int64_t next_ns_;
};

}  // namespace

ThirdParties::ThirdParties(const Case& point, std::vector<int> cpus, std::int64_t deadline_ns)
    : point_(point), cpus_(std::move(cpus)), memory_(shared_by_forks(sizeof(Board))) {
  // Who is to be interrupted says so; the ends inherit it.
  if (point_.injectors > 0) {
    available(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), "membarrier");
  }
  const pid_t coordinator = ::getpid();
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != coordinator) ::_exit(1);
      run(i);
    }
    pids_.push_back(pid);
  }
  const Deadline deadline = deadline_in(static_cast<std::uint64_t>(deadline_ns));
  while (board().bound.load(std::memory_order_acquire) < pids_.size()) {
    require_alive();
    if (passed(deadline)) throw LaunchFailed("a third party did not start in time");
    ::nanosleep(&kNap, nullptr);
  }
}

ThirdParties::~ThirdParties() {
  for (const pid_t pid : pids_) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
}

ThirdParties::Board& ThirdParties::board() const {
  return *reinterpret_cast<Board*>(memory_.data());
}

void ThirdParties::require_alive() const {
  for (std::size_t i = 0; i < pids_.size(); ++i) {
    siginfo_t info{};
    const int found =
        ::waitid(P_PID, static_cast<id_t>(pids_[i]), &info, WEXITED | WNOHANG | WNOWAIT);
    if (found == 0 && info.si_pid != 0) {
      throw LaunchFailed(fmt::format("third party {} on CPU {} has died", i, cpus_[i]));
    }
  }
}

void ThirdParties::work() {
  if (pids_.empty()) return;
  board().resting.store(0, std::memory_order_relaxed);
  board().working.store(1, std::memory_order_release);
  ::syscall(SYS_futex, &board().working, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void ThirdParties::stop() {
  if (pids_.empty()) return;
  board().working.store(0, std::memory_order_release);
  while (board().resting.load(std::memory_order_acquire) < pids_.size()) {
    require_alive();
    ::nanosleep(&kNap, nullptr);
  }
}

// One of them, for ever: it is killed when the launch is over.
void ThirdParties::run(std::size_t i) const {
  Board& shared = board();
  Board::One& mine = shared.each[i];
  const bool injects = i >= point_.bystanders;
  bind_this_thread(cpus_[i]);
  verify_binding(cpus_[i]);
  shared.bound.fetch_add(1, std::memory_order_release);
  Streamer streamer;
  for (;;) {
    while (shared.working.load(std::memory_order_acquire) == 0) {
      ::syscall(SYS_futex, &shared.working, FUTEX_WAIT, 0, nullptr, nullptr, 0);
    }
    const std::uint64_t before = cpu_time_ns(UsageScope::thread);
    Rate rate(point_.injections_per_s);
    while (shared.working.load(std::memory_order_acquire) != 0) {
      if (injects) {
        rate.await();
        (void)membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
      } else if (point_.bystander == Bystander::stream) {
        streamer.round();
      } else {
        spin_a_round();
      }
      mine.done.fetch_add(1, std::memory_order_relaxed);
    }
    mine.cpu_ns.fetch_add(cpu_time_ns(UsageScope::thread) - before, std::memory_order_relaxed);
    mine.cpu.store(::sched_getcpu(), std::memory_order_relaxed);
    shared.resting.fetch_add(1, std::memory_order_release);
  }
}

nlohmann::json ThirdParties::to_json() const {
  auto all = nlohmann::json::array();
  for (std::size_t i = 0; i < pids_.size(); ++i) {
    const Board::One& one = board().each[i];
    const bool injects = i >= point_.bystanders;
    all.push_back({{"role", injects ? "injector" : "bystander"},
                   {"does", injects ? "membarrier" : word(point_.bystander)},
                   {"index", injects ? i - point_.bystanders : i},
                   {"pid", pids_[i]},
                   {"cpu", cpus_[i]},
                   {"cpu_seen", one.cpu.load(std::memory_order_relaxed)},
                   {"cpu_ns", one.cpu_ns.load(std::memory_order_relaxed)},
                   {"done", one.done.load(std::memory_order_relaxed)}});
  }
  return all;
}

}  // namespace ipcmark
