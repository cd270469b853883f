// What the transports on real-time signals share: a message is one queued signal, addressed to the
// thread that runs the peer's end.
//
// A real-time signal sent with a value is an entry in the thread's queue: entries of one number
// arrive in the order they were sent, one by one. The payload is the value (8 bytes), its length
// rides in si_errno, which sigqueue(3) would leave zero. The receiver keeps the signal blocked: it
// takes messages when it asks for them and no handler runs.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "transports/peer_ids.hpp"
#include "transports/posix.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark::signal_queue {

inline constexpr std::size_t kMostBytes = sizeof(sigval);
static_assert(kMostBytes == 8);

// Not the first of them, which libraries take.
[[nodiscard]] inline int number() { return SIGRTMIN + 6; }

[[nodiscard]] inline sigset_t set() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, number());
  return set;
}

// In the calling thread, for good: one that still comes in when the end is gone must not end the
// process. What an end before this one has left is thrown away.
inline void block() {
  const sigset_t blocked = set();
  const int error = ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  if (error != 0) throw std::system_error(error, std::generic_category(), "pthread_sigmask");
  constexpr timespec kNow{};
  while (::sigtimedwait(&blocked, nullptr, &kNow) >= 0) {
  }
}

inline int queue(pid_t pid, pid_t tid, std::span<const std::byte> message) {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  info.si_errno = static_cast<int>(message.size());
  std::memcpy(&info.si_value, message.data(), message.size());
  return static_cast<int>(::syscall(SYS_rt_tgsigqueueinfo, pid, tid, number(), &info));
}

// A value and a length as they came, to the front of the buffer.
inline std::size_t unpack(std::uint64_t value, int length, std::span<std::byte> buffer) {
  const auto n = static_cast<std::size_t>(length);
  if (length <= 0 || n > kMostBytes) {
    throw std::system_error(EBADMSG, std::generic_category(), "a signal that is no message");
  }
  std::memcpy(buffer.data(), &value, std::min(n, buffer.size()));
  return n;
}

struct Ids {
  PeerIds client, server;
};

// The kernel's own word on whether anything can be queued: one signal to this thread, taken out
// again whole. Returns the memory in which the ends meet.
[[nodiscard]] inline SharedObject open(Shape shape) {
  block();
  const std::byte word[kMostBytes]{};
  if (queue(::getpid(), static_cast<pid_t>(::syscall(SYS_gettid)), word) < 0) {
    const int error = errno;
    rlimit limit{};
    check(::getrlimit(RLIMIT_SIGPENDING, &limit), "getrlimit");
    refused("rt_tgsigqueueinfo", error,
            "RLIMIT_SIGPENDING " + std::to_string(limit.rlim_cur) + ", of all of the user's");
  }
  const sigset_t blocked = set();
  constexpr timespec kNow{};
  siginfo_t came{};  // nothing, where none does
  ::sigtimedwait(&blocked, &came, &kNow);
  if (came.si_errno != kMostBytes) {  // as of an emulator that fills in what it knows
    throw Unavailable("sigtimedwait: a signal queued with si_errno " + std::to_string(kMostBytes) +
                      " came with " + std::to_string(came.si_errno));
  }
  shape.backing = Backing::memfd;
  return open_shared_object(shape, sizeof(Ids));
}

// The sending half of an end.
class Sender {
 public:
  Sender(const SharedObject& memory, Role role) : mapping_(memory.map()), role_(role) {}

  void reshape() { own().introduce(); }

  // As many signals pending as the user may have (EAGAIN): no call sleeps until there are fewer, so
  // that the other processes of this CPU have their turn and it is tried again.
  void send(std::span<const std::byte> message) {
    const PeerIds& peer = role_ == Role::client ? ids().server : ids().client;
    const pid_t pid = peer.pid.load(std::memory_order_acquire);
    const pid_t tid = peer.tid.load(std::memory_order_acquire);
    while (queue(pid, tid, message) < 0) {
      if (errno != EAGAIN) check(-1, "rt_tgsigqueueinfo");
      ::sched_yield();
    }
  }

 private:
  [[nodiscard]] Ids& ids() const { return *reinterpret_cast<Ids*>(mapping_.data()); }
  [[nodiscard]] PeerIds& own() const { return role_ == Role::client ? ids().client : ids().server; }

  Mapping mapping_;
  Role role_;
};

}  // namespace ipcmark::signal_queue
