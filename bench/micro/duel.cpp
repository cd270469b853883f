#include "bench/micro/duel.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "bench/micro/side.hpp"
#include "transports/posix.hpp"

namespace ipcmark::micro {

namespace {

std::vector<Round> play(Side side, const Contender& subject, const Contender& reference,
                        int rounds) {
  (void)ns_per_tick();
  side.open(subject);
  side.open(reference);
  std::vector<Round> all;
  for (int i = 0; i <= rounds; ++i) {
    Round round{};
    const bool subject_first = i % 4 == 0 || i % 4 == 3;
    round.canary_ns[0] = side.canary();
    const double first = side.run(subject_first ? subject : reference);
    round.canary_ns[1] = side.canary();
    const double second = side.run(subject_first ? reference : subject);
    round.canary_ns[2] = side.canary();
    if (side.role() == Role::client) round.preempted = side.preempted();
    round.subject_ns = subject_first ? first : second;
    round.reference_ns = subject_first ? second : first;
    if (i > 0) all.push_back(round);  // the first warms up
  }
  return all;
}

[[noreturn]] void serve(Board& board, const Contender& subject, const Contender& reference, int cpu,
                        int rounds) {
  try {
    ::signal(SIGCHLD, SIG_DFL);
    check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
    pin(cpu);
    (void)play(Side(board, Role::server), subject, reference, rounds);
    ::_exit(0);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "server: %s\n", e.what());
    ::_exit(1);
  }
}

// The client spins where only the server can free it: without the server there is nothing to wait
// for.
void server_ended(int) {
  int status = 0;
  if (::wait(&status) > 0 && status != 0) ::_exit(1);
}

}  // namespace

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  check(::sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

KeptAffinity::KeptAffinity() {
  check(::sched_getaffinity(0, sizeof cpus_, &cpus_), "sched_getaffinity");
}
KeptAffinity::~KeptAffinity() { (void)::sched_setaffinity(0, sizeof cpus_, &cpus_); }

std::vector<Round> duel(const Contender& subject, const Contender& reference, Pair cpus,
                        int rounds) {
  const Fd memory(check(::memfd_create("ipcmark-duel", MFD_CLOEXEC), "memfd_create"));
  check(::ftruncate(memory.get(), sizeof(Board)), "ftruncate");
  const Mapping mapping(memory, sizeof(Board));  // zeros: a fresh board
  auto& board = *reinterpret_cast<Board*>(mapping.data());
  ::signal(SIGCHLD, server_ended);
  const pid_t server = check(::fork(), "fork");
  if (server == 0) serve(board, subject, reference, cpus.server_cpu, rounds);
  pin(cpus.client_cpu);
  auto all = play(Side(board, Role::client), subject, reference, rounds);
  ::waitpid(server, nullptr, 0);
  return all;
}

Pair two_cpus() {
  cpu_set_t set;
  check(::sched_getaffinity(0, sizeof set, &set), "sched_getaffinity");
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  if (cpus.size() < 2) throw std::runtime_error("two CPUs are needed, the affinity mask has one");
  return {cpus.front(), cpus.back()};
}

}  // namespace ipcmark::micro
