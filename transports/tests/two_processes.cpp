#include "transports/tests/two_processes.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <thread>

#include "transports/posix.hpp"

namespace ipcmark::conformance {

namespace {

const std::vector<int>& cpus() {
  static const std::vector<int> all = [] {
    cpu_set_t set;
    check(::sched_getaffinity(0, sizeof set, &set), "sched_getaffinity");
    std::vector<int> found;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) found.push_back(cpu);
    }
    return found;
  }();
  return all;
}

void pin(Role role) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(role == Role::client ? cpus().front() : cpus().back(), &set);
  check(::sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

template <class T>
void tell(const Fd& control, const T& what) {
  check(::send(control.get(), &what, sizeof what, MSG_NOSIGNAL), "control send");
}

template <class T>
void hear(const Fd& control, T& what) {
  const ssize_t n = check(::recv(control.get(), &what, sizeof what, MSG_WAITALL), "control recv");
  if (n != sizeof what) throw std::runtime_error("control: the other process is gone");
}

void meet(const Fd& control) {
  char byte = 0;
  tell(control, byte);
  hear(control, byte);
}

// What both processes see: a receiver that may lose messages asks whether somebody still sends.
class SendersDone {
 public:
  SendersDone() {
    const Fd memory(check(::memfd_create("senders-done", MFD_CLOEXEC), "memfd_create"));
    check(::ftruncate(memory.get(), kBytes), "ftruncate");
    mapping_ = Mapping(memory, kBytes);
  }
  [[nodiscard]] std::atomic<std::uint32_t>& count() const {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(mapping_.data());
  }

 private:
  static constexpr std::size_t kBytes = 4096;
  Mapping mapping_;
};

void run_part(End& end, Part part, Job job, const SendersDone& done, Outcome& outcome) {
  std::vector<std::uint64_t> stamps(job.messages + 2);
  Tally tally{.stamps = stamps};
  job.senders_done = &done.count();
  end.run(part, job, tally);
  if (part == Part::pour) done.count().fetch_add(1, std::memory_order_release);
  outcome.messages = tally.messages;
  outcome.wrong = tally.wrong;
  outcome.lost = tally.lost;
  outcome.drops = end.drops().value_or(0);
  if (part != Part::expire) return;
  for (std::uint64_t i = 0; i < tally.stamped; ++i) {
    outcome.earliest_ns = std::min(outcome.earliest_ns, static_cast<std::int64_t>(stamps[i]));
  }
}

// Both have left the phase before (the last reply may still be being read when its sender is done);
// then the home end lays the memory out before the other looks at it; parts start together.
Outcome run_phase(End& end, Role role, const Phase& phase, const Fd& control,
                  const SendersDone& done) {
  Outcome outcome;
  Job job = role == Role::client ? phase.client_job : phase.server_job;
  meet(control);
  // Nobody pours before all have met again below.
  job.senders_awaited = done.count().load(std::memory_order_relaxed) + 1;
  const bool home = phase.shape.home == role;
  if (phase.reshape && home) end.reshape(phase.shape);
  meet(control);
  if (phase.reshape && !home) end.reshape(phase.shape);
  meet(control);
  const auto part = role == Role::client ? phase.client : phase.server;
  try {
    if (part) run_part(end, *part, job, done, outcome);
  } catch (const std::exception& error) {
    std::snprintf(outcome.error, sizeof outcome.error, "%s", error.what());
  }
  return outcome;
}

[[noreturn]] void serve(std::unique_ptr<Channel> channel, const std::vector<Phase>& phases,
                        const Fd& control, const SendersDone& done) {
  try {
    pin(Role::server);
    auto end = channel->server(0);
    channel.reset();
    for (const Phase& phase : phases) {
      const Outcome outcome = run_phase(*end, Role::server, phase, control, done);
      if (*outcome.error != '\0') end.reset();  // what it closes is what the client must notice
      tell(control, outcome);
      if (!end) break;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "server: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

// The same as a thread: its end is gone when it returns.
void serve_as_thread(Channel& channel, const std::vector<Phase>& phases, const Fd& control,
                     const SendersDone& done) {
  pin(Role::server);
  const auto end = channel.server(0);
  for (const Phase& phase : phases) {
    const Outcome outcome = run_phase(*end, Role::server, phase, control, done);
    tell(control, outcome);
    if (*outcome.error != '\0') return;
  }
}

// The server's process; killed, if need be, and waited for.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) : pid_(check(::fork(), "fork")) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!waited_) ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  void finished() { waited_ = true; }

 private:
  pid_t pid_;
  bool waited_ = false;
};

}  // namespace

std::size_t usable_cpus() { return cpus().size(); }

namespace {

// The client's side, up to the first error; true when there was none.
bool ask_all(End& end, const std::vector<Phase>& phases, const Fd& control, const SendersDone& done,
             std::vector<Outcomes>& all) {
  for (const Phase& phase : phases) {
    Outcomes& outcomes = all.emplace_back();
    outcomes.client = run_phase(end, Role::client, phase, control, done);
    if (*outcomes.client.error != '\0') return false;
    hear(control, outcomes.server);
    if (*outcomes.server.error != '\0') return false;
  }
  return true;
}

struct ControlPair {
  Fd ours, theirs;
  ControlPair() {
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
    ours = Fd(fds[0]), theirs = Fd(fds[1]);
  }
};

}  // namespace

std::vector<Outcomes> run(const Transport& transport, const Shape& widest,
                          const std::vector<Phase>& phases, Keep keep) {
  ControlPair control;
  const SendersDone done;
  auto channel = transport.open(widest);
  Child child([&] {
    control.ours = Fd();
    serve(std::move(channel), phases, control.theirs, done);
  });
  control.theirs = Fd();
  pin(Role::client);
  auto end = channel->client(0);
  if (keep == Keep::nothing) channel.reset();
  std::vector<Outcomes> all;
  if (ask_all(*end, phases, control.ours, done, all)) child.finished();
  return all;
}

std::vector<Outcomes> run_as_threads(const Transport& transport, const Shape& widest,
                                     const std::vector<Phase>& phases) {
  const ControlPair control;
  const SendersDone done;
  const auto channel = transport.open(widest);
  std::thread server([&] { serve_as_thread(*channel, phases, control.theirs, done); });
  std::vector<Outcomes> all;
  std::thread client([&] {
    pin(Role::client);
    const auto end = channel->client(0);
    ask_all(*end, phases, control.ours, done, all);
  });
  client.join();
  server.join();
  return all;
}

}  // namespace ipcmark::conformance
