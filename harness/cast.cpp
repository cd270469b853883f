#include "harness/cast.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <numeric>

#include "harness/words.hpp"

namespace ipcmark {

namespace {

// The exit status of a role that has done all it was told. Not 0: a mechanism that calls exit(0)
// has not.
constexpr int kLeftCode = 86;

Fd open_pidfd(pid_t pid) {
  return Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, pid, 0), "pidfd_open")));
}

[[noreturn]] void become_role(const RoleContext& context, std::unique_ptr<Channel>& channel,
                              const ControlSocket& control, pid_t coordinator) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != coordinator) ::_exit(1);  // it died before prctl
  run_role(context, channel, control);
  channel.release();  // what it owns in common is the coordinator's to remove
  ::_exit(kLeftCode);
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
    return {context, std::move(ours), ::getpid(), Fd(), std::move(thread), false};
  }
  const pid_t coordinator = ::getpid();
  const pid_t pid = check(::fork(), "fork");
  if (pid == 0) become_role(context, channel, theirs, coordinator);
  return {context, std::move(ours), pid, open_pidfd(pid), std::thread(), false};
}

Cast::Cast(const std::vector<RoleContext>& contexts, std::unique_ptr<Channel>& channel) {
  members_.reserve(contexts.size());
  for (const RoleContext& context : contexts) members_.push_back(start(context, channel));
}

void Cast::meet(std::int64_t deadline_ns) {
  ready_ = gather(everybody(), Phase::meet, deadline_ns);
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
    ::kill(member.pid, SIGKILL);
    ::waitpid(member.pid, nullptr, 0);
  }
}

// One that is dead is found so by gather, which says of what.
void Cast::order(std::size_t i, const Order& order) {
  step_of(i).store(Phase::start, std::memory_order_relaxed);
  try {
    members_[i].control.send(order);
  } catch (const std::system_error&) {
  }
}

std::vector<Report> Cast::tell(const std::vector<std::size_t>& whom, const Order& what, Phase phase,
                               std::int64_t deadline_ns) {
  for (const std::size_t i : whom) order(i, what);
  return gather(whom, phase, deadline_ns);
}

std::vector<Report> Cast::tell_all(const Order& what, Phase phase, std::int64_t deadline_ns) {
  return tell(everybody(), what, phase, deadline_ns);
}

std::vector<Report> Cast::tell_losing(std::size_t lost, const Order& what, Phase phase,
                                      std::int64_t deadline_ns) {
  members_[lost].lost = true;
  for (const std::size_t i : everybody()) order(i, what);
  return gather(all_but(lost), phase, deadline_ns);
}

void Cast::close(std::int64_t deadline_ns) {
  const Deadline deadline{monotonic_now() + deadline_ns};
  state().enter(Phase::close, deadline.monotonic_ns);
  for (const std::size_t i : everybody()) order(i, Order{.kind = Order::Kind::quit});
  for (const std::size_t i : everybody()) {
    const auto& member = members_[i];
    pollfd ended{.fd = member.pidfd ? member.pidfd.get() : member.control.fd(),
                 .events = POLLIN,
                 .revents = 0};
    const timespec left = remaining(deadline);
    if (::ppoll(&ended, 1, &left, nullptr) <= 0) too_late({i}, Phase::close, deadline_ns);
    if (const auto last = member.control.recv_report()) blame_report(i, *last, Phase::close);
    siginfo_t info{};
    if (!member.pidfd) continue;
    check(::waitid(P_PIDFD, static_cast<id_t>(member.pidfd.get()), &info, WEXITED | WNOWAIT),
          "waitid");
    if (info.si_code != CLD_EXITED || info.si_status != kLeftCode) member_died(i, Phase::close);
  }
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

std::vector<pollfd> Cast::listen_to(const std::vector<std::size_t>& whom) const {
  const std::size_t count = members_.size();
  std::vector<pollfd> fds(2 * count, {.fd = -1, .events = POLLIN, .revents = 0});
  for (const std::size_t i : whom) fds[i].fd = members_[i].control.fd();
  for (std::size_t i = 0; i < count; ++i) {
    if (members_[i].pidfd && !members_[i].lost) fds[count + i].fd = members_[i].pidfd.get();
  }
  return fds;
}

std::vector<Report> Cast::gather(const std::vector<std::size_t>& whom, Phase phase,
                                 std::int64_t deadline_ns) {
  const std::size_t count = members_.size();
  std::vector<Report> reports(count);
  auto fds = listen_to(whom);
  auto awaited = whom;
  const Deadline deadline{monotonic_now() + deadline_ns};
  state().enter(phase, deadline.monotonic_ns);
  while (!awaited.empty()) {
    const timespec time = remaining(deadline);
    const int ready = ::ppoll(fds.data(), fds.size(), &time, nullptr);
    if (ready < 0 && errno != EINTR) check(ready, "ppoll");
    if (ready == 0 && passed(deadline)) too_late(awaited, phase, deadline_ns);
    if (ready <= 0) continue;
    for (std::size_t i = 0; i < count;
         ++i) {  // what was said is heard before the death of its sayer
      if ((fds[i].revents & POLLIN) != 0) {
        const auto report = members_[i].control.recv_report();
        Heard heard(count);
        heard[i] = report;
        if (!report || report->status != Report::Status::ok) blame(std::move(heard), phase);
        reports[i] = *report;
        fds[i].fd = -1, std::erase(awaited, i);
      } else if ((fds[count + i].revents | fds[i].revents) != 0) {
        blame(Heard(count), phase);
      }
    }
  }
  return reports;
}

std::vector<bool> Cast::hear_out(Heard& heard) {
  constexpr std::int64_t kMomentNs = 30'000'000;
  const std::size_t count = members_.size();
  std::vector<bool> gone(count);
  auto fds = listen_to(everybody());
  const Deadline moment{monotonic_now() + kMomentNs};
  while (std::ranges::find(gone, false) != gone.end()) {
    const timespec left = remaining(moment);
    if (::ppoll(fds.data(), fds.size(), &left, nullptr) <= 0) break;
    for (std::size_t i = 0; i < count; ++i) {
      const bool says = (fds[i].revents & POLLIN) != 0;
      if (const auto report = says ? members_[i].control.recv_report() : std::nullopt) {
        if (!heard[i]) heard[i] = report;
      } else if ((fds[i].revents | fds[count + i].revents) != 0) {
        gone[i] = true;
        fds[i].fd = fds[count + i].fd = -1;
        fds[i].revents = fds[count + i].revents = 0;
      }
    }
  }
  return gone;
}

// When one end dies or throws, the others soon find their channel closed: all are given a moment to
// be heard. Who died without a word is the cause; else who spoke first.
void Cast::blame(Heard heard, Phase phase) {
  const auto gone = hear_out(heard);
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const bool failed = heard[i] && heard[i]->status != Report::Status::ok;
    if (gone[i] && !failed) member_died(i, phase);
    if (failed && (!first || heard[i]->at_ns < heard[*first]->at_ns)) first = i;
  }
  blame_report(first.value(), *heard[first.value()], phase);
}

void Cast::blame_report(std::size_t i, const Report& report, Phase phase) {
  if (report.status == Report::Status::unavailable) throw Unavailable(report.text.data());
  throw LaunchFailed(fmt::format("{}: {} in {}", name(i), report.text.data(), phase_of(i, phase)));
}

void Cast::member_died(std::size_t i, Phase phase) {
  const auto& member = members_[i];
  std::string how = "closed its control socket";
  siginfo_t info{};
  if (member.pidfd &&
      ::waitid(P_PIDFD, static_cast<id_t>(member.pidfd.get()), &info, WEXITED | WNOWAIT) == 0) {
    how = how_it_ended(info);
  }
  throw LaunchFailed(fmt::format("{} {} in {}", name(i), how, phase_of(i, phase)));
}

// Of a deadlock nobody can tell who is to blame; a stopped process is.
void Cast::too_late(const std::vector<std::size_t>& whom, Phase phase, std::int64_t deadline_ns) {
  std::vector<std::string> late;
  for (const std::size_t i : whom) {
    const auto& member = members_[i];
    late.push_back(
        fmt::format("{} ({})", name(i), member.pidfd ? what_it_does(member.pid) : "thread"));
  }
  throw LaunchFailed(fmt::format("{} did not finish {} within {} ms", fmt::join(late, " and "),
                                 phase_of(whom.back(), phase), deadline_ns / 1'000'000));
}

std::atomic<Phase>& Cast::step_of(std::size_t i) const {
  const RoleSpec& spec = members_[i].context.spec;
  return state().phase_of(spec.role, spec.index);
}

std::string_view Cast::phase_of(std::size_t i, Phase phase) const {
  const Phase step = step_of(i).load(std::memory_order_relaxed);
  return word(step == Phase::start ? phase : step);
}

}  // namespace ipcmark
