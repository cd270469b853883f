// The roles of a launch as its coordinator sees them: started, ordered about, watched, and put
// away.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "harness/peer.hpp"
#include "harness/phase.hpp"

namespace ipcmark {

// The launch is over: a role died, hung or failed. The text says who, how and in which phase.
class LaunchFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What was received is not what was sent; its own exit code.
class PayloadWrong : public LaunchFailed {
 public:
  using LaunchFailed::LaunchFailed;
};

class Cast {
 public:
  // Starts both roles; the channel's ends go to them.
  Cast(std::array<RoleContext, 2> contexts, std::unique_ptr<Channel>& channel);
  Cast(const Cast&) = delete;
  Cast& operator=(const Cast&) = delete;
  // Kills the roles that close() has not seen leave; a thread can only be asked.
  ~Cast();

  // Waits until both are ready. Throws Unavailable or LaunchFailed, as do all that wait.
  void meet(std::int64_t deadline_ns);
  // Gives the order to one role and waits for its report.
  Report tell(Role role, const Order& order, Phase phase, std::int64_t deadline_ns);
  // Gives the order to both and waits for both; [client, server].
  std::array<Report, 2> tell_both(const Order& order, Phase phase, std::int64_t deadline_ns);
  // Quits the roles and waits until both have left well.
  void close(std::int64_t deadline_ns);
  [[nodiscard]] pid_t pid(Role role) const { return members_[index(role)].pid; }

 private:
  struct Member {
    RoleContext context;
    ControlSocket control;
    pid_t pid = 0;
    Fd pidfd;            // processes only
    std::thread thread;  // threads only
  };

  static std::size_t index(Role role) { return role == Role::client ? 0 : 1; }
  static Member start(const RoleContext& context, std::unique_ptr<Channel>& channel);
  void order(std::size_t i, const Order& order);
  // Waits for one report from each member whose bit is set.
  std::array<Report, 2> gather(unsigned awaited, Phase phase, std::int64_t deadline_ns);
  std::array<pollfd, 4> listen_to(unsigned awaited) const;
  // A role failed or died: throws what came first, whoever was heard first.
  [[noreturn]] void blame(std::array<std::optional<Report>, 2> heard, Phase phase);
  [[noreturn]] void blame_report(std::size_t i, const Report& report, Phase phase);
  [[noreturn]] void member_died(std::size_t i, Phase phase);
  [[noreturn]] void too_late(unsigned awaited, Phase phase, std::int64_t deadline_ns);
  // Within an order of several steps: the step's.
  [[nodiscard]] std::string_view phase_of(std::size_t i, Phase phase) const;
  [[nodiscard]] LaunchState& state() const { return *members_[0].context.state; }

  std::array<Member, 2> members_;
};

}  // namespace ipcmark
