// Two System V message queues, one each way.
//
// A send copies the payload into kernel memory and appends it to the queue, or gives it straight to
// a receiver that waits; a receive copies it out: two copies, two system calls and, when the
// receiver sleeps, one wake-up. A message starts with a type, which lies in the headroom before the
// payload: a label to ask for, not a priority; who asks below zero gets the lowest first. What
// surprises: a message is at most kernel.msgmax (8192 B) and a queue holds kernel.msgmnb (16384 B),
// so two of the widest fill it; there is no descriptor, so a queue can neither be polled nor waited
// for with a deadline; it outlives its processes until somebody removes it, and nobody is told when
// the peer is gone.
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "transports/hybrid.hpp"
#include "transports/proc_number.hpp"
#include "transports/registry.hpp"
#include "transports/sysv_journal.hpp"

namespace ipcmark {
namespace {

constexpr long kType = 1;

// The message as the kernel wants it: a type, then the payload.
std::byte* with_type(std::span<std::byte> message, long type = kType) {
  std::byte* at = message.data() - sizeof type;
  std::memcpy(at, &type, sizeof type);
  return at;
}

// How a call waits: whether it may sleep, and what happens between two that may not. There is no
// descriptor to sleep on, so the sleeping is the call's own.
class CallPatience {
 public:
  CallPatience(Wait wait, std::uint64_t spin_budget_ns)
      : wait_(wait), spin_budget_ns_(spin_budget_ns), sleeps_(wait == Wait::block) {}

  [[nodiscard]] int flags() const { return sleeps_ ? 0 : IPC_NOWAIT; }

  // After a call that returned -1; `empty` is the errno that says "not now".
  void again(const char* call, int empty) {
    if (errno == EINTR) return;
    if (errno != empty || sleeps_) check(-1, call);
    if (wait_ == Wait::yield) ::sched_yield();
    if (wait_ == Wait::spin_then_block) {
      if (budget_.monotonic_ns == 0) budget_ = deadline_in(spin_budget_ns_);
      sleeps_ = passed(budget_);
    }
  }

 private:
  Wait wait_;
  std::uint64_t spin_budget_ns_;
  Deadline budget_{};
  bool sleeps_;
};

class SysvMqEnd {
 public:
  SysvMqEnd(int in, int out, const Shape& shape)
      : wait_(shape.wait), in_(in), out_(out), spin_budget_ns_(shape.spin_budget_ns) {}

  void reshape(const Shape& shape) { spin_budget_ns_ = shape.spin_budget_ns; }

  void send(std::span<std::byte> message) { send_type(message, kType); }
  std::size_t recv(std::span<std::byte> buffer) { return recv_type(buffer, 0); }

  void send_type(std::span<std::byte> message, long type) {
    const std::byte* at = with_type(message, type);
    CallPatience patience(wait_, spin_budget_ns_);
    while (::msgsnd(out_, at, message.size(), patience.flags()) < 0) {
      patience.again("msgsnd", EAGAIN);
    }
  }

  bool try_send(std::span<std::byte> message) {
    const std::byte* at = with_type(message, kType);
    for (;;) {
      if (::msgsnd(out_, at, message.size(), IPC_NOWAIT) == 0) return true;
      if (errno == EAGAIN) return false;
      if (errno != EINTR) check(-1, "msgsnd");
    }
  }

  std::size_t recv_type(std::span<std::byte> buffer, long type) {
    std::byte* at = buffer.data() - sizeof kType;
    CallPatience patience(wait_, spin_budget_ns_);
    for (;;) {
      const ssize_t n = ::msgrcv(in_, at, buffer.size(), type, patience.flags());
      if (n >= 0) return static_cast<std::size_t>(n);
      patience.again("msgrcv", ENOMSG);
    }
  }

 private:
  Wait wait_;
  int in_, out_;
  std::uint64_t spin_budget_ns_;
};

// Owned by the process that created it: a forked end carries a copy of this object, and must not
// remove what others still use.
class Queue {
 public:
  Queue()
      : creator_(::getpid()), id_(create_journalled("msg", "msgget", [](key_t key) {
          return ::msgget(key, IPC_CREAT | IPC_EXCL | 0600);
        })) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    if (::getpid() == creator_) ::msgctl(id_, IPC_RMID, nullptr);
  }

  [[nodiscard]] int id() const { return id_; }

  // The kernel's own word on whether a message of this size can ever be sent: one goes through the
  // fresh queue. EAGAIN there means that not even an empty queue has room for it.
  void require_admits(std::uint64_t bytes, const std::string& which) const {
    // Not initialised, so that a refused giant costs no memory.
    const auto message = std::make_unique_for_overwrite<std::byte[]>(sizeof kType + bytes);
    std::byte* at = with_type({message.get() + sizeof kType, bytes});
    if (::msgsnd(id_, at, bytes, IPC_NOWAIT) < 0) {
      refused("msgsnd", errno,
              which + " " + std::to_string(bytes) + "; kernel.msgmax " +
                  proc_text("sys/kernel/msgmax") + ", kernel.msgmnb " +
                  proc_text("sys/kernel/msgmnb"));
    }
    check(::msgrcv(id_, at, bytes, 0, IPC_NOWAIT), "msgrcv");
  }

 private:
  pid_t creator_;
  int id_;
};

class SysvMq {
 public:
  static constexpr Traits traits{.name = "sysv_mq",
                                 .summary = "two System V message queues, one each way",
                                 .family = Family::message_queue,
                                 .copies = 2,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  explicit SysvMq(const Shape& shape) : shape_(shape) {
    there_.require_admits(shape.message_bytes, "message_bytes");
    if (shape.reply_bytes != 0) back_.require_admits(shape.reply_bytes, "reply_bytes");
  }

  template <Wait W>
  SysvMqEnd client(int) {
    return {back_.id(), there_.id(), shape_};
  }
  template <Wait W>
  SysvMqEnd server(int) {
    return {there_.id(), back_.id(), shape_};
  }

 private:
  Shape shape_;
  Queue there_, back_;
};

const Register<SysvMq> registered;
const Register<Hybrid<SysvMq>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
