#include "harness/spawn.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/clean.hpp"
#include "harness/launch_state.hpp"
#include "harness/record.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

namespace {

// Beyond a phase's own deadline, by which the launch itself puts away an end that hangs: after this
// it is the launch that does.
constexpr std::int64_t kGraceNs = 600'000'000;

struct Child {
  pid_t pid = 0;
  Fd pidfd;
  Fd socket;
};

[[noreturn]] void become_launch(int socket, int state, pid_t harness) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != harness) ::_exit(1);
  ::setsid();  // Ctrl-C is the harness's to understand: the launch in hand is finished
  const std::string fd = std::to_string(socket);
  ::fcntl(socket, F_SETFD, 0);
  ::fcntl(state, F_SETFD, 0);
  ::execl("/proc/self/exe", "ipcmark", "launch", "--control-fd", fd.c_str(), nullptr);
  ::_exit(127);
}

Child start(const SharedLaunchState& state) {
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
  Child child{.pid = 0, .pidfd = Fd(), .socket = Fd(fds[0])};
  const Fd theirs(fds[1]);
  const pid_t harness = ::getpid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // roles whose launch has died are ours to wait for
  child.pid = check(::fork(), "fork");
  if (child.pid == 0) become_launch(theirs.get(), state.fd(), harness);
  child.pidfd = Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, child.pid, 0), "pidfd_open")));
  return child;
}

void send_spec(const Child& child, const LaunchSpec& spec) {
  const std::string text = to_json(spec).dump();
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t n = ::send(child.socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // it died already: its end says more than this errno
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  ::shutdown(child.socket.get(), SHUT_WR);
}

// Reads what the launch writes until it has ended and nobody can write any more; false when a
// deadline came first: of the whole, or of the phase that the launch says it is in.
bool read_until(const Child& child, const LaunchState& state, Deadline whole, std::string& text) {
  std::array<char, 1 << 16> buffer;
  bool writable = true;
  for (;;) {
    const Deadline phase{state.deadline_ns.load(std::memory_order_relaxed) + kGraceNs};
    if (passed(whole) || passed(phase)) return false;
    std::array<pollfd, 2> fds{
        {{.fd = writable ? child.socket.get() : -1, .events = POLLIN, .revents = 0},
         {.fd = child.pidfd.get(), .events = POLLIN, .revents = 0}}};
    const timespec left = remaining({std::min(whole.monotonic_ns, phase.monotonic_ns)});
    if (::ppoll(fds.data(), fds.size(), &left, nullptr) <= 0) continue;  // look again
    if (fds[0].revents != 0) {
      const ssize_t n = ::read(child.socket.get(), buffer.data(), buffer.size());
      if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
      if (n == 0 || (n < 0 && errno != EINTR)) writable = false;
    } else if (fds[1].revents != 0) {
      return true;  // its roles may hold the socket yet; what it wrote itself has been read
    }
  }
}

// Ends and waits for the launch and whatever it has started: its session is its own.
int put_away(const Child& child, bool ended) {
  if (!ended) ::kill(child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-child.pid, SIGKILL);
  while (::waitpid(-child.pid, nullptr, 0) > 0 || errno == EINTR) {
  }
  return status;
}

std::string how_it_ended(int status, std::string_view phase) {
  if (WIFSIGNALED(status)) {
    return fmt::format("launch killed by signal {} ({}) in {}", WTERMSIG(status),
                       ::strsignal(WTERMSIG(status)), phase);
  }
  return fmt::format("launch exited with {} in {}", WEXITSTATUS(status), phase);
}

std::vector<nlohmann::json> parse(const std::string& text, const LaunchSpec& spec,
                                  const std::string& why) {
  std::vector<nlohmann::json> records;
  std::size_t from = 0;
  while (records.size() < spec.rungs.size()) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) break;
    auto record =
        nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(from),
                              text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!record.is_object()) break;
    records.push_back(std::move(record));
    from = end + 1;
  }
  while (records.size() < spec.rungs.size()) {
    records.push_back(failed_record(spec, spec.rungs[records.size()], why));
  }
  return records;
}

std::string too_late(const LaunchState& state, const LaunchSpec& spec, std::int64_t whole_ns) {
  if (!passed({state.deadline_ns.load(std::memory_order_relaxed) + kGraceNs})) {
    return fmt::format("launch did not end within {} ms", whole_ns / 1'000'000);
  }
  return fmt::format("launch did not finish {} within {} ms",
                     word(state.phase.load(std::memory_order_relaxed)),
                     spec.settings.phase_deadline_ns / 1'000'000);
}

bool has_failed(const nlohmann::json& record) { return record.at("status") == "failed"; }

// What a launch that ended badly could not remove itself.
void sweep(const std::string& prefix) {
  CleanWorld world = this_world();
  world.prefix = prefix;
  world.folder_age_s = 0;  // all that could use a folder of this prefix has been waited for
  [[maybe_unused]] const auto removed = clean(world);
}

void note_injection(std::vector<nlohmann::json>& records, const Injection& injection,
                    const LaunchState& state) {
  const std::int64_t struck = state.fault_ns.load(std::memory_order_relaxed);
  for (auto& record : records) {
    record["injected"] = {{"fault", to_text(injection)}, {"ended_after_ns", nullptr}};
    if (struck != 0) record["injected"]["ended_after_ns"] = monotonic_now() - struck;
  }
}

}  // namespace

std::vector<nlohmann::json> run_launch_process(const LaunchSpec& spec, std::int64_t deadline_ns) {
  const SharedLaunchState state;
  const std::int64_t began = monotonic_now();
  const auto phase_ns = static_cast<std::int64_t>(spec.settings.phase_deadline_ns);
  state->enter(Phase::start, began + phase_ns);
  const Child child = start(state);
  LaunchSpec told = spec;
  told.state_fd = state.fd();
  send_spec(child, told);
  std::string text;
  const bool ended = read_until(child, *state, {began + deadline_ns}, text);
  const std::string_view phase = word(state->phase.load(std::memory_order_relaxed));
  const int status = put_away(child, ended);
  const std::string why = ended ? how_it_ended(status, phase) : too_late(*state, spec, deadline_ns);
  auto records = parse(text, spec, why);
  if (status != 0 || std::ranges::any_of(records, has_failed)) sweep(spec.prefix);
  if (spec.injection) note_injection(records, *spec.injection, *state);
  return records;
}

}  // namespace ipcmark
