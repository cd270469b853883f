#include "harness/cast.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "harness/words.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kQuitNs = 100'000'000;

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

Cast::Cast(const std::vector<RoleContext>& contexts, std::unique_ptr<Channel>& channel,
           std::int64_t deadline_ns) {
  members_.reserve(contexts.size());
  for (const RoleContext& context : contexts) members_.push_back(start(context, channel));
  ready_ = gather(everybody(), "open", deadline_ns);
}

Cast::~Cast() {
  for (auto& member : members_) {
    try {
      member.control.send(Order{.kind = Order::Kind::quit});
    } catch (const std::exception&) {
      // gone already
    }
  }
  const Deadline patience = deadline_in(kQuitNs);  // of all together, however many they are
  for (auto& member : members_) {
    if (member.thread.joinable()) {
      member.thread.join();
      continue;
    }
    pollfd ended{.fd = member.pidfd.get(), .events = POLLIN, .revents = 0};
    const timespec left = remaining(patience);
    if (::ppoll(&ended, 1, &left, nullptr) <= 0) ::kill(member.pid, SIGKILL);
    ::waitpid(member.pid, nullptr, 0);
  }
}

std::vector<Report> Cast::tell(const std::vector<std::size_t>& whom, const Order& order,
                               std::string_view phase, std::int64_t deadline_ns) {
  for (const std::size_t i : whom) members_[i].control.send(order);
  return gather(whom, phase, deadline_ns);
}

std::vector<Report> Cast::tell_all(const Order& order, std::string_view phase,
                                   std::int64_t deadline_ns) {
  return tell(everybody(), order, phase, deadline_ns);
}

std::vector<std::size_t> Cast::everybody() const {
  std::vector<std::size_t> all(members_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::vector<std::size_t> Cast::all_but(std::size_t place) const {
  auto all = everybody();
  std::erase(all, place);
  return all;
}

std::size_t Cast::first(Role role) const {
  const auto found = std::ranges::find(
      members_, role, [](const Member& member) { return member.context.spec.role; });
  return static_cast<std::size_t>(found - members_.begin());
}

std::vector<pid_t> Cast::pids() const {
  std::vector<pid_t> all;
  for (const Member& member : members_) all.push_back(member.pid);
  return all;
}

std::vector<pid_t> Cast::threads() const {
  std::vector<pid_t> all;
  for (const Report& report : ready_) all.push_back(report.thread);
  return all;
}

std::string Cast::name(std::size_t i) const {
  const RoleSpec& spec = members_[i].context.spec;
  const auto alike = std::ranges::count(
      members_, spec.role, [](const Member& member) { return member.context.spec.role; });
  return alike == 1 ? std::string(word(spec.role))
                    : fmt::format("{} {}", word(spec.role), spec.index);
}

std::vector<Report> Cast::gather(const std::vector<std::size_t>& whom, std::string_view phase,
                                 std::int64_t deadline_ns) {
  const std::size_t count = members_.size();
  std::vector<Report> reports(count);
  std::vector<pollfd> fds(2 * count);  // what members say, then whether they live
  for (std::size_t i = 0; i < count; ++i) {
    const bool awaited = std::ranges::find(whom, i) != whom.end();
    fds[i] = {.fd = awaited ? members_[i].control.fd() : -1, .events = POLLIN, .revents = 0};
    fds[count + i] = {
        .fd = members_[i].pidfd ? members_[i].pidfd.get() : -1, .events = POLLIN, .revents = 0};
  }
  const Deadline deadline{monotonic_now() + deadline_ns};
  for (std::size_t left = whom.size(); left != 0;) {
    const timespec time = remaining(deadline);
    const int ready = ::ppoll(fds.data(), fds.size(), &time, nullptr);
    if (ready < 0 && errno != EINTR) check(ready, "ppoll");
    if (ready == 0 && passed(deadline)) {
      const auto silent = std::ranges::find_if(fds, [](const pollfd& fd) { return fd.fd != -1; });
      throw LaunchFailed(fmt::format("{} did not finish {} within {} ms",
                                     name(static_cast<std::size_t>(silent - fds.begin())), phase,
                                     deadline_ns / 1'000'000));
    }
    if (ready <= 0) continue;
    for (std::size_t i = 0; i < count;
         ++i) {  // what was said is heard before the death of who said it
      if ((fds[i].revents & POLLIN) != 0) {
        take_report(i, phase, reports[i]);
        fds[i] = {.fd = -1, .events = 0, .revents = 0}, --left;
      } else if ((fds[count + i].revents | fds[i].revents) != 0) {
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
    throw LaunchFailed(fmt::format("{}: {} in {}", name(i), into.text.data(), phase));
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
  throw LaunchFailed(fmt::format("{} {} in {}", name(i), how, phase));
}

}  // namespace ipcmark
