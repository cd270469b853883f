#include "harness/cast.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "harness/words.hpp"

namespace ipcmark {

namespace {

// The exit status of a role that has done all it was told. Not 0: a mechanism that calls exit(0)
// has not.
constexpr int kLeft = 86;

Fd open_pidfd(pid_t pid) {
  return Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, pid, 0), "pidfd_open")));
}

[[noreturn]] void become_role(const RoleContext& context, std::unique_ptr<Channel>& channel,
                              const ControlSocket& control, pid_t coordinator) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != coordinator) ::_exit(1);  // it died before prctl
  run_role(context, channel, control);
  channel.release();  // what it owns in common is the coordinator's to remove
  ::_exit(kLeft);
}

// What the kernel says that a process is doing: "stopped", "running", or asleep in a call.
std::string what_it_does(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(stat, line);
  const std::size_t name = line.rfind(") ");
  const char state = name == std::string::npos ? 'X' : line[name + 2];
  if (state == 'T' || state == 't') return "stopped";
  if (state == 'R') return "running";
  std::string call;
  std::ifstream(fmt::format("/proc/{}/wchan", pid)) >> call;
  return call.empty() || call == "0" ? "asleep" : "in " + call;
}

std::string how_it_ended(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exited with {}", info.si_status);
  return fmt::format("killed by signal {} ({})", info.si_status, ::strsignal(info.si_status));
}

}  // namespace

Cast::Member Cast::start(const RoleContext& context, std::unique_ptr<Channel>& channel) {
  auto [ours, theirs] = ControlSocket::pair();
  if (context.spec.kind == RoleKind::thread) {
    std::thread thread(
        [context, &channel, control = std::move(theirs)] { run_role(context, channel, control); });
    return {context, std::move(ours), ::getpid(), Fd(), std::move(thread)};
  }
  const pid_t coordinator = ::getpid();
  const pid_t pid = check(::fork(), "fork");
  if (pid == 0) become_role(context, channel, theirs, coordinator);
  return {context, std::move(ours), pid, open_pidfd(pid), std::thread()};
}

Cast::Cast(std::array<RoleContext, 2> contexts, std::unique_ptr<Channel>& channel)
    : members_{start(contexts[0], channel), start(contexts[1], channel)} {}

void Cast::meet(std::int64_t deadline_ns) { gather(0b11, Phase::meet, deadline_ns); }

Cast::~Cast() {
  for (auto& member : members_) {
    try {
      member.control.send(Order{.kind = Order::Kind::quit});
    } catch (const std::exception&) {
      // gone already
    }
  }
  for (auto& member : members_) {
    if (member.thread.joinable()) {
      member.thread.join();
      continue;
    }
    ::kill(member.pid, SIGKILL);
    ::waitpid(member.pid, nullptr, 0);
  }
}

// One that is dead is found so by gather, which says of what.
void Cast::order(std::size_t i, const Order& order) {
  state().role_phase[i].store(Phase::start, std::memory_order_relaxed);
  try {
    members_[i].control.send(order);
  } catch (const std::system_error&) {
  }
}

Report Cast::tell(Role role, const Order& what, Phase phase, std::int64_t deadline_ns) {
  order(index(role), what);
  return gather(1u << index(role), phase, deadline_ns)[index(role)];
}

std::array<Report, 2> Cast::tell_both(const Order& what, Phase phase, std::int64_t deadline_ns) {
  for (std::size_t i = 0; i < 2; ++i) order(i, what);
  return gather(0b11, phase, deadline_ns);
}

void Cast::close(std::int64_t deadline_ns) {
  const Deadline deadline{monotonic_now() + deadline_ns};
  state().enter(Phase::close, deadline.monotonic_ns);
  for (std::size_t i = 0; i < 2; ++i) order(i, Order{.kind = Order::Kind::quit});
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& member = members_[i];
    pollfd ended{.fd = member.pidfd ? member.pidfd.get() : member.control.fd(),
                 .events = POLLIN,
                 .revents = 0};
    const timespec left = remaining(deadline);
    if (::ppoll(&ended, 1, &left, nullptr) <= 0) too_late(1u << i, Phase::close, deadline_ns);
    if (const auto last = member.control.recv_report()) blame_report(i, *last, Phase::close);
    siginfo_t info{};
    if (!member.pidfd) continue;
    check(::waitid(P_PIDFD, static_cast<id_t>(member.pidfd.get()), &info, WEXITED | WNOWAIT),
          "waitid");
    if (info.si_code != CLD_EXITED || info.si_status != kLeft) member_died(i, Phase::close);
  }
}

std::array<pollfd, 4> Cast::listen_to(unsigned awaited) const {
  std::array<pollfd, 4> fds{};
  for (std::size_t i = 0; i < 2; ++i) {
    fds[i] = {.fd = (awaited & 1u << i) != 0 ? members_[i].control.fd() : -1,
              .events = POLLIN,
              .revents = 0};
    fds[2 + i] = {
        .fd = members_[i].pidfd ? members_[i].pidfd.get() : -1, .events = POLLIN, .revents = 0};
  }
  return fds;
}

std::array<Report, 2> Cast::gather(unsigned awaited, Phase phase, std::int64_t deadline_ns) {
  std::array<Report, 2> reports;
  const Deadline deadline{monotonic_now() + deadline_ns};
  state().enter(phase, deadline.monotonic_ns);
  while (awaited != 0) {
    auto fds = listen_to(awaited);
    const timespec left = remaining(deadline);
    const int ready = ::ppoll(fds.data(), fds.size(), &left, nullptr);
    if (ready < 0 && errno != EINTR) check(ready, "ppoll");
    if (ready == 0 && passed(deadline)) too_late(awaited, phase, deadline_ns);
    for (std::size_t i = 0; i < 2; ++i) {  // what was said is heard before the death of who said it
      if ((fds[i].revents & POLLIN) != 0) {
        const auto report = members_[i].control.recv_report();
        std::array<std::optional<Report>, 2> heard;
        heard[i] = report;
        if (!report || report->status != Report::Status::ok) blame(heard, phase);
        reports[i] = *report;
        awaited &= ~(1u << i);
      } else if ((fds[2 + i].revents | fds[i].revents) != 0) {
        blame({}, phase);
      }
    }
  }
  return reports;
}

// When one end dies or throws, the other soon finds its channel closed: both are given a moment to
// be heard. Who died without a word is the cause; else who spoke first.
void Cast::blame(std::array<std::optional<Report>, 2> heard, Phase phase) {
  constexpr std::int64_t kMomentNs = 30'000'000;
  std::array<bool, 2> gone{};
  const Deadline moment{monotonic_now() + kMomentNs};
  while (!gone[0] || !gone[1]) {
    auto fds = listen_to(0b11);
    for (std::size_t i = 0; i < 2; ++i) {
      if (gone[i]) fds[i].fd = fds[2 + i].fd = -1;
    }
    const timespec left = remaining(moment);
    if (::ppoll(fds.data(), fds.size(), &left, nullptr) <= 0) break;
    for (std::size_t i = 0; i < 2; ++i) {
      const bool says = (fds[i].revents & POLLIN) != 0;
      if (const auto report = says ? members_[i].control.recv_report() : std::nullopt) {
        if (!heard[i]) heard[i] = report;
      } else if ((fds[i].revents | fds[2 + i].revents) != 0) {
        gone[i] = true;
      }
    }
  }
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!gone[i] || (heard[i] && heard[i]->status != Report::Status::ok)) continue;
    member_died(i, phase);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (!heard[i] || heard[i]->status == Report::Status::ok) continue;
    if (!first || heard[i]->at_ns < heard[*first]->at_ns) first = i;
  }
  blame_report(first.value(), *heard[first.value()], phase);
}

void Cast::blame_report(std::size_t i, const Report& report, Phase phase) {
  if (report.status == Report::Status::unavailable) throw Unavailable(report.text.data());
  throw LaunchFailed(fmt::format("{}: {} in {}", word(members_[i].context.spec.role),
                                 report.text.data(), phase_of(i, phase)));
}

void Cast::member_died(std::size_t i, Phase phase) {
  const auto& member = members_[i];
  std::string how = "closed its control socket";
  siginfo_t info{};
  if (member.pidfd &&
      ::waitid(P_PIDFD, static_cast<id_t>(member.pidfd.get()), &info, WEXITED | WNOWAIT) == 0) {
    how = how_it_ended(info);
  }
  throw LaunchFailed(
      fmt::format("{} {} in {}", word(member.context.spec.role), how, phase_of(i, phase)));
}

// Of a deadlock nobody can tell who is to blame; a stopped process is.
void Cast::too_late(unsigned awaited, Phase phase, std::int64_t deadline_ns) {
  std::vector<std::string> late;
  std::string_view where;
  for (std::size_t i = 0; i < 2; ++i) {
    if ((awaited & 1u << i) == 0) continue;
    const auto& member = members_[i];
    where = phase_of(i, phase);
    late.push_back(fmt::format("{} ({})", word(member.context.spec.role),
                               member.pidfd ? what_it_does(member.pid) : "thread"));
  }
  throw LaunchFailed(fmt::format("{} did not finish {} within {} ms", fmt::join(late, " and "),
                                 where, deadline_ns / 1'000'000));
}

std::string_view Cast::phase_of(std::size_t i, Phase phase) const {
  const Phase step = state().role_phase[i].load(std::memory_order_relaxed);
  return word(step == Phase::start ? phase : step);
}

}  // namespace ipcmark
