#include "harness/cast.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstring>

#include "harness/words.hpp"

namespace ipcmark {

namespace {

Fd open_pidfd(pid_t pid) {
  return Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, pid, 0), "pidfd_open")));
}

[[noreturn]] void become_role(const RoleContext& context, std::unique_ptr<Channel>& channel,
                              const ControlSocket& control, pid_t coordinator) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != coordinator) ::_exit(1);  // it died before prctl
  run_role(context, channel, control);
  channel.release();  // what it owns in common is the coordinator's to remove
  ::_exit(0);
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

Cast::Cast(std::array<RoleContext, 2> contexts, std::unique_ptr<Channel>& channel,
           std::int64_t deadline_ns)
    : members_{start(contexts[0], channel), start(contexts[1], channel)} {
  gather(0b11, "open", deadline_ns);
}

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
    pollfd ended{.fd = member.pidfd.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, 100) <= 0) ::kill(member.pid, SIGKILL);
    ::waitpid(member.pid, nullptr, 0);
  }
}

Report Cast::tell(Role role, const Order& order, std::string_view phase, std::int64_t deadline_ns) {
  members_[index(role)].control.send(order);
  return gather(1u << index(role), phase, deadline_ns)[index(role)];
}

std::array<Report, 2> Cast::tell_both(const Order& order, std::string_view phase,
                                      std::int64_t deadline_ns) {
  for (const auto& member : members_) member.control.send(order);
  return gather(0b11, phase, deadline_ns);
}

std::array<Report, 2> Cast::gather(unsigned awaited, std::string_view phase,
                                   std::int64_t deadline_ns) {
  std::array<Report, 2> reports;
  const Deadline deadline{monotonic_now() + deadline_ns};
  while (awaited != 0) {
    std::array<pollfd, 4> fds{};
    for (std::size_t i = 0; i < 2; ++i) {
      fds[i] = {.fd = (awaited & 1u << i) != 0 ? members_[i].control.fd() : -1,
                .events = POLLIN,
                .revents = 0};
      fds[2 + i] = {
          .fd = members_[i].pidfd ? members_[i].pidfd.get() : -1, .events = POLLIN, .revents = 0};
    }
    const timespec left = remaining(deadline);
    const int ready = ::ppoll(fds.data(), fds.size(), &left, nullptr);
    if (ready < 0 && errno != EINTR) check(ready, "ppoll");
    if (ready == 0 && passed(deadline)) {
      throw LaunchFailed(fmt::format("{} did not finish {} within {} ms",
                                     (awaited & 1u) != 0 ? "client" : "server", phase,
                                     deadline_ns / 1'000'000));
    }
    for (std::size_t i = 0; i < 2; ++i) {  // what was said is heard before the death of who said it
      if ((fds[i].revents & POLLIN) != 0) {
        take_report(i, phase, reports[i]);
        awaited &= ~(1u << i);
      } else if ((fds[2 + i].revents | fds[i].revents) != 0) {
        member_died(i, phase);
      }
    }
  }
  return reports;
}

void Cast::take_report(std::size_t i, std::string_view phase, Report& into) {
  const auto report = members_[i].control.recv_report();
  if (!report) member_died(i, phase);
  into = *report;
  if (into.status == Report::Status::unavailable) throw Unavailable(into.text.data());
  if (into.status == Report::Status::failed) {
    throw LaunchFailed(
        fmt::format("{}: {} in {}", word(members_[i].context.spec.role), into.text.data(), phase));
  }
}

void Cast::member_died(std::size_t i, std::string_view phase) {
  const auto& member = members_[i];
  std::string how = "closed its control socket";
  siginfo_t info{};
  if (member.pidfd &&
      ::waitid(P_PIDFD, static_cast<id_t>(member.pidfd.get()), &info, WEXITED | WNOWAIT) == 0) {
    how = how_it_ended(info);
  }
  throw LaunchFailed(fmt::format("{} {} in {}", word(member.context.spec.role), how, phase));
}

}  // namespace ipcmark
