#include "harness/child.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>

#include "transports/posix.hpp"

namespace ipcmark {

namespace {

// Far beyond any launch's records; a child that writes without end must not fill our memory.
constexpr std::size_t kMostText = std::size_t{256} << 20;

struct Child {
  pid_t pid = 0;
  Fd socket;
  Fd pidfd;
};

[[noreturn]] void become(const char* command, int socket, int inherited, pid_t harness) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != harness) ::_exit(1);
  ::setsid();  // Ctrl-C is the harness's to understand: the launch in hand is finished
  ::dup2(STDERR_FILENO, STDOUT_FILENO);  // results are the harness's to print
  const std::string fd = std::to_string(socket);
  ::fcntl(socket, F_SETFD, 0);
  if (inherited >= 0) ::fcntl(inherited, F_SETFD, 0);
  ::execl("/proc/self/exe", "ipcmark", command, "--control-fd", fd.c_str(), nullptr);
  ::_exit(127);
}

Child start(const char* command, int inherited) {
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
  Child child{.pid = 0, .socket = Fd(fds[0]), .pidfd = Fd()};
  const Fd theirs(fds[1]);
  const pid_t harness = ::getpid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a dead child has started is ours to wait for
  child.pid = check(::fork(), "fork");
  if (child.pid == 0) become(command, theirs.get(), inherited, harness);
  child.pidfd = Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, child.pid, 0), "pidfd_open")));
  return child;
}

void send_all(const Child& child, std::string_view left) {
  while (!left.empty()) {
    const ssize_t n = ::send(child.socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // it died already: its end says more than this errno
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  ::shutdown(child.socket.get(), SHUT_WR);
}

using Until = std::function<Deadline()>;

// False when the deadline came before the descriptor was readable.
bool wait_for(const Fd& fd, const Until& deadline) {
  for (;;) {
    pollfd readable{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const timespec left = remaining(deadline());
    const int rc = ::ppoll(&readable, 1, &left, nullptr);
    if (rc > 0) return true;
    // Else it has been moved, or a signal came: the launch in hand is finished first.
    if (rc == 0 && passed(deadline())) return false;
  }
}

// All that the child wrote until it closed its socket; why not, or empty.
std::string hear(const Child& child, const Until& deadline, std::string& text) {
  std::array<char, 1 << 16> buffer;
  while (wait_for(child.socket, deadline)) {
    const ssize_t n = ::read(child.socket.get(), buffer.data(), buffer.size());
    if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return {};
    if (text.size() > kMostText) return fmt::format("wrote more than {} MiB", kMostText >> 20);
  }
  return "hung";
}

// Ends the child's whole session, then the child, whose zombie has kept their number from others.
std::string reap(const Child& child) {
  ::kill(-child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  // Its orphans are ours, and as dead.
  while (::waitpid(-child.pid, nullptr, 0) > 0 || errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) return fmt::format("exited with {}", WEXITSTATUS(status));
  return {};
}

}  // namespace

Heard ask_child(const char* command, std::string_view text, std::int64_t deadline_ns,
                const ChildWatch& watch) {
  const Child child = start(command, watch.inherited_fd);
  send_all(child, text);
  Heard heard;
  const Deadline whole{monotonic_now() + deadline_ns};
  const Until deadline = [&] {
    if (!watch.deadline) return whole;
    return Deadline{std::min(whole.monotonic_ns, watch.deadline().monotonic_ns)};
  };
  std::string why = hear(child, deadline, heard.text);
  // One that has closed its socket has not ended yet, and need not ever.
  if (why.empty() && !wait_for(child.pidfd, deadline)) why = "hung";
  heard.hung = why == "hung";
  if (heard.hung) why = fmt::format("did not end within {} ms", deadline_ns / 1'000'000);
  if (!why.empty()) ::kill(child.pid, SIGKILL);  // before it has a session, too
  const std::string end = reap(child);
  heard.why = why.empty() ? end : why;
  return heard;
}

}  // namespace ipcmark
