#include "harness/call_counter.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <stdexcept>

#include "harness/call_ptrace.hpp"
#include "harness/call_tracepoint.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

CallCounter::CallCounter(const std::vector<pid_t>& threads) : threads_(threads) {
  try {
    follow_by_tracepoint();
  } catch (const Unavailable& tracepoint) {
    try {
      follow_by_ptrace();
    } catch (const Unavailable& ptrace) {
      throw Unavailable(fmt::format("{}; {}", tracepoint.what(), ptrace.what()));
    }
  }
}

void CallCounter::follow_by_tracepoint() {
  const SysExit sys_exit = find_sys_exit(tracefs_folders());
  std::vector<CallStream> streams;  // all or none
  for (const pid_t thread : threads_) streams.emplace_back(sys_exit, thread);
  for (CallStream& stream : streams) {
    followers_.push_back(std::async(
        std::launch::async,
        [this, stream = std::move(stream)]() mutable { return stream.follow(abandoned_); }));
  }
  means_ = "tracepoint";
}

void CallCounter::follow_by_ptrace() {
  means_ = "ptrace";
  try {
    for (const pid_t thread : threads_) {
      std::promise<void> promise;
      auto followed = promise.get_future();
      followers_.push_back(
          std::async(std::launch::async, [thread, promise = std::move(promise)]() mutable {
            return follow_with_ptrace(thread, std::move(promise));
          }));
      followed.get();
    }
  } catch (...) {  // those before it are released by nobody else: no destructor will run
    for (std::size_t i = 0; i + 1 < followers_.size(); ++i) ::kill(threads_[i], SIGKILL);
    throw;
  }
}

CallCounter::~CallCounter() {
  abandoned_ = true;
  for (std::size_t i = 0; i < followers_.size(); ++i) {
    const bool waits = followers_[i].valid() &&
                       followers_[i].wait_for(std::chrono::seconds(0)) != std::future_status::ready;
    if (waits && means_ == "ptrace") ::kill(threads_[i], SIGKILL);
  }
}

std::vector<SystemCalls> CallCounter::finish(Deadline deadline) {
  std::vector<SystemCalls> all;
  for (auto& follower : followers_) {
    const timespec left = remaining(deadline);
    const auto patience =
        std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
    if (follower.wait_for(patience) != std::future_status::ready) {
      throw std::runtime_error("the system calls were not counted in time");
    }
    all.push_back(follower.get());
  }
  return all;
}

}  // namespace ipcmark
