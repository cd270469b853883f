// The roles of a launch as its coordinator sees them: started, ordered about, watched, and put
// away.
#pragma once

#include <sys/types.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/peer.hpp"

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
  // Starts the roles, clients first, and waits until they are ready; the channel's ends go to them.
  // Throws Unavailable or LaunchFailed.
  Cast(const std::vector<RoleContext>& contexts, std::unique_ptr<Channel>& channel,
       std::int64_t deadline_ns);
  Cast(const Cast&) = delete;
  Cast& operator=(const Cast&) = delete;
  // Quits the roles; kills what has not ended within a tenth of a second.
  ~Cast();

  // Gives the order to some members, by their places in the contexts, and waits for their reports;
  // those of the others are empty.
  std::vector<Report> tell(const std::vector<std::size_t>& whom, const Order& order,
                           std::string_view phase, std::int64_t deadline_ns);
  std::vector<Report> tell_all(const Order& order, std::string_view phase,
                               std::int64_t deadline_ns);
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
  };

  static Member start(const RoleContext& context, std::unique_ptr<Channel>& channel);
  // Waits for one report from each of them.
  std::vector<Report> gather(const std::vector<std::size_t>& whom, std::string_view phase,
                             std::int64_t deadline_ns);
  [[nodiscard]] std::vector<std::size_t> everybody() const;
  // "server", or "server 1" where there are several.
  [[nodiscard]] std::string name(std::size_t i) const;
  void take_report(std::size_t i, std::string_view phase, Report& into);
  [[noreturn]] void member_died(std::size_t i, std::string_view phase);

  std::vector<Member> members_;
  std::vector<Report> ready_;
};

}  // namespace ipcmark
