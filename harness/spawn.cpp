#include "harness/spawn.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <nlohmann/json.hpp>

#include "harness/record.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

namespace {

struct Child {
  pid_t pid = 0;
  Fd socket;
};

[[noreturn]] void become_launch(int socket, pid_t harness) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != harness) ::_exit(1);
  ::setsid();  // Ctrl-C is the harness's to understand: the launch in hand is finished
  const std::string fd = std::to_string(socket);
  ::fcntl(socket, F_SETFD, 0);
  ::execl("/proc/self/exe", "ipcmark", "launch", "--control-fd", fd.c_str(), nullptr);
  ::_exit(127);
}

Child start() {
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
  Child child{.pid = 0, .socket = Fd(fds[0])};
  const Fd theirs(fds[1]);
  const pid_t harness = ::getpid();
  child.pid = check(::fork(), "fork");
  if (child.pid == 0) become_launch(theirs.get(), harness);
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

// All that the launch wrote; false when the deadline came first.
bool read_until(const Child& child, Deadline deadline, std::string& text) {
  std::array<char, 1 << 16> buffer;
  for (;;) {
    pollfd readable{.fd = child.socket.get(), .events = POLLIN, .revents = 0};
    const timespec left = remaining(deadline);
    const int rc = ::ppoll(&readable, 1, &left, nullptr);
    if (rc == 0) return false;
    if (rc < 0) continue;  // a signal: the launch in hand is finished first
    const ssize_t n = ::read(child.socket.get(), buffer.data(), buffer.size());
    if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return true;
  }
}

std::string reap(const Child& child) {
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return fmt::format("launch killed by signal {} ({})", WTERMSIG(status),
                       ::strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) return fmt::format("launch exited with {}", WEXITSTATUS(status));
  return {};
}

std::vector<nlohmann::json> parse(const std::string& text, const LaunchSpec& spec,
                                  std::string why) {
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
  if (why.empty() && records.size() < spec.rungs.size()) why = "launch ended without its records";
  while (records.size() < spec.rungs.size()) {
    records.push_back(failed_record(spec, spec.rungs[records.size()], why));
  }
  return records;
}

}  // namespace

std::vector<nlohmann::json> run_launch_process(const LaunchSpec& spec, std::int64_t deadline_ns) {
  const Child child = start();
  send_spec(child, spec);
  std::string text;
  const bool ended = read_until(child, {monotonic_now() + deadline_ns}, text);
  if (!ended) ::kill(-child.pid, SIGKILL), ::kill(child.pid, SIGKILL);
  std::string why = reap(child);
  if (!ended) why = fmt::format("launch did not end within {} ms", deadline_ns / 1'000'000);
  return parse(text, spec, why);
}

}  // namespace ipcmark
