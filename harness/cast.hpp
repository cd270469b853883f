// The roles of a launch as its coordinator sees them: started, ordered about, watched, and put
// away.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

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
  // Starts the roles, clients first; the channel's ends go to them.
  Cast(const std::vector<RoleContext>& contexts, std::unique_ptr<Channel>& channel);
  Cast(const Cast&) = delete;
  Cast& operator=(const Cast&) = delete;
  // Kills the roles that close() has not seen leave; a thread can only be asked.
  ~Cast();

  // Waits until all are ready. Throws Unavailable or LaunchFailed, as do all that wait.
  void meet(std::int64_t deadline_ns);
  // Gives the order to some members, by their places in the contexts, and waits for their reports;
  // those of the others are empty.
  std::vector<Report> tell(const std::vector<std::size_t>& whom, const Order& order, Phase phase,
                           std::int64_t deadline_ns);
  std::vector<Report> tell_all(const Order& order, Phase phase, std::int64_t deadline_ns);
  // The same to everybody, of whom one will not live to report; nor is its end an error from then
  // on.
  std::vector<Report> tell_losing(std::size_t lost, const Order& order, Phase phase,
                                  std::int64_t deadline_ns);
  // Quits the roles and waits until all have left well.
  void close(std::int64_t deadline_ns);
  // The place of the first of a kind.
  [[nodiscard]] std::size_t first(Role role) const;
  [[nodiscard]] std::vector<std::size_t> all_but(std::size_t place) const;
  [[nodiscard]] std::vector<pid_t> pids() const;
  // As the kernel numbers threads; a process of one thread has the number of its process.
  [[nodiscard]] std::vector<pid_t> threads() const;
  // What each said when it was ready.
  [[nodiscard]] const std::vector<Report>& ready() const { return ready_; }

 private:
  struct Member {
    RoleContext context;
    ControlSocket control;
    pid_t pid = 0;
    Fd pidfd;            // processes only
    std::thread thread;  // threads only
    bool lost = false;   // on purpose
  };

  static Member start(const RoleContext& context, std::unique_ptr<Channel>& channel);
  // Waits for one report from each of them.
  std::vector<Report> gather(const std::vector<std::size_t>& whom, Phase phase,
                             std::int64_t deadline_ns);
  void order(std::size_t i, const Order& order);
  // What members say, then whether they live.
  [[nodiscard]] std::vector<pollfd> listen_to(const std::vector<std::size_t>& whom) const;
  // A role failed or died: throws what came first, whoever was heard first.
  using Heard = std::vector<std::optional<Report>>;
  [[noreturn]] void blame(Heard heard, Phase phase);
  // Waits a moment for the words and the ends of all; whether each is gone.
  std::vector<bool> hear_out(Heard& heard);
  [[nodiscard]] std::vector<std::size_t> everybody() const;
  // "server", or "server 1" where there are several.
  [[nodiscard]] std::string name(std::size_t i) const;
  [[noreturn]] void blame_report(std::size_t i, const Report& report, Phase phase);
  [[noreturn]] void member_died(std::size_t i, Phase phase);
  [[noreturn]] void too_late(const std::vector<std::size_t>& whom, Phase phase,
                             std::int64_t deadline_ns);
  // Within an order of several steps: the step's.
  [[nodiscard]] std::string_view phase_of(std::size_t i, Phase phase) const;
  [[nodiscard]] std::atomic<Phase>& step_of(std::size_t i) const;
  [[nodiscard]] LaunchState& state() const { return *members_.front().context.state; }

  std::vector<Member> members_;
  std::vector<Report> ready_;
};

}  // namespace ipcmark
