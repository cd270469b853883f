// Real-time signals with a value, taken with sigwaitinfo: a message is one signal to one thread.
//
// A send allocates an entry, puts it into the queue of the receiving thread and wakes it; a
// sigtimedwait takes the first entry of the number and frees it: two system calls, eight bytes of
// payload copied in and out and, when the receiver sleeps, one wake-up. No handler runs and nothing
// is interrupted, because the signal stays blocked. What surprises: the queue is bounded only by
// RLIMIT_SIGPENDING, which counts the pending signals of all of the user's processes and may be
// hundreds of thousands, none of which is charged to the receiver's memory; at the limit the sender
// gets EAGAIN and there is nothing to sleep on; and of a peer's end only the sender is told
// (ESRCH).
#include <optional>

#include "transports/registry.hpp"
#include "transports/signal_queue.hpp"

namespace ipcmark {
namespace {

class RtSignalEnd {
 public:
  RtSignalEnd(const SharedObject& memory, Role role) : sender_(memory, role) {
    signal_queue::block();
  }

  void reshape(const Shape& shape) {
    wait_ = shape.wait;
    spin_budget_ns_ = shape.spin_budget_ns;
    sender_.reshape();
  }

  void send(std::span<const std::byte> message) { sender_.send(message); }
  std::size_t recv(std::span<std::byte> buffer) { return take(buffer, std::nullopt); }
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    return take(buffer, deadline);
  }

 private:
  // With no time to wait sigtimedwait looks and returns; with none given it sleeps until there is
  // one.
  std::size_t take(std::span<std::byte> buffer, std::optional<Deadline> deadline) {
    bool sleeps = wait_ == Wait::block;
    Deadline budget{};
    for (;;) {
      siginfo_t info;
      timespec left{};
      if (sleeps && deadline) left = remaining(*deadline);
      if (::sigtimedwait(&set_, &info, sleeps && !deadline ? nullptr : &left) >= 0) {
        return signal_queue::unpack(reinterpret_cast<std::uintptr_t>(info.si_value.sival_ptr),
                                    info.si_errno, buffer);
      }
      if (errno != EAGAIN && errno != EINTR) check(-1, "sigtimedwait");
      if (deadline && passed(*deadline)) return 0;
      if (wait_ == Wait::yield) ::sched_yield();
      if (wait_ == Wait::spin_then_block) {
        if (budget.monotonic_ns == 0) budget = deadline_in(spin_budget_ns_);
        sleeps = passed(budget);
      }
    }
  }

  signal_queue::Sender sender_;
  sigset_t set_ = signal_queue::set();
  Wait wait_ = Wait::block;
  std::uint64_t spin_budget_ns_ = 0;
};

class RtSignal {
 public:
  static constexpr Traits traits{.name = "rt_signal",
                                 .summary = "queued real-time signals, taken with sigwaitinfo",
                                 .family = Family::notification,
                                 .copies = 2,
                                 .max_bytes = signal_queue::kMostBytes};

  explicit RtSignal(const Shape& shape) : memory_(signal_queue::open(shape)) {}

  template <Wait W>
  requires WithoutDescriptor<W> RtSignalEnd client(int) { return {memory_, Role::client}; }
  template <Wait W>
  requires WithoutDescriptor<W> RtSignalEnd server(int) { return {memory_, Role::server}; }

 private:
  SharedObject memory_;
};

const Register<RtSignal> registered;

}  // namespace
}  // namespace ipcmark
