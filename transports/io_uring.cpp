// A pair of Unix stream sockets whose calls are submitted through an io_uring.
//
// A send and a receive are entries in a ring that the kernel shares with the end. Plain: one
// io_uring_enter hands an entry over and waits for its completion, in place of send(2) or recv(2);
// the socket does what it does for unix_stream: two copies, two calls and, when the receiver
// sleeps, one wake-up, and to this the rings' own work is added. What surprises: one message at a
// time, which is what a round trip is, the rings save no call and cost some; a receive that finds
// nothing is parked on the socket's wait queue and completed by an interrupt of its own task, so
// that spinning on the completion ring is slower than a receive that does not block.
//
// io_uring_sqpoll: a kernel thread of each end polls its submission ring, and submitting is a
// store. Spinning ends then make no call at all, for two more CPUs that spin. What surprises: the
// thread inherits the affinity of whoever creates the ring; beside its end on one CPU it gets its
// turn from the scheduler, milliseconds a message, so the ring is created under a wide affinity
// that is put back at once (where all CPUs are busy the scheduler may still leave the two together:
// 20 ms a round trip were seen); ends that spin are refused where there are not four CPUs for the
// four of them; idle for a second the thread falls asleep, and the next submission is a call that
// wakes it.
#include <sched.h>

#include <optional>

#include "transports/registry.hpp"
#include "transports/socket.hpp"
#include "transports/unix_pair.hpp"
#include "transports/uring.hpp"

namespace ipcmark {
namespace {

// This thread may run anywhere while it lives; then where it could before.
class WideAffinity {
 public:
  WideAffinity() {
    check(::sched_getaffinity(0, sizeof before_, &before_), "sched_getaffinity");
    cpu_set_t all;
    std::memset(&all, 0xff, sizeof all);  // the kernel takes those there are
    check(::sched_setaffinity(0, sizeof all, &all), "sched_setaffinity");
  }
  [[nodiscard]] static int cpus() {
    cpu_set_t now;
    check(::sched_getaffinity(0, sizeof now, &now), "sched_getaffinity");
    return CPU_COUNT(&now);
  }
  WideAffinity(const WideAffinity&) = delete;
  WideAffinity& operator=(const WideAffinity&) = delete;
  ~WideAffinity() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

[[nodiscard]] Uring open_ring(unsigned flags) {
  if ((flags & IORING_SETUP_SQPOLL) == 0) return Uring(flags);
  const WideAffinity while_it_is_created;
  return Uring(flags);
}

template <unsigned Flags>
class UringEnd {
 public:
  UringEnd(Fd socket, Wait wait)
      : ring_(open_ring(Flags)), socket_(std::move(socket)), waits_(wait == Wait::block) {}

  void send(std::span<const std::byte> message) {
    while (!message.empty()) {
      ::io_uring_prep_send(ring_.entry(), socket_.get(), message.data(), message.size(),
                           MSG_NOSIGNAL);
      message = message.subspan(result("send"));
    }
  }

  std::size_t recv(std::span<std::byte> buffer) {
    for (std::size_t got = 0; got < buffer.size();) got += read_some(buffer.subspan(got));
    return buffer.size();
  }

  // The receive and its deadline are two linked entries: the one that comes first ends the other.
  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    for (;;) {
      const timespec when = to_timespec(deadline.monotonic_ns);
      __kernel_timespec until{.tv_sec = when.tv_sec, .tv_nsec = when.tv_nsec};
      io_uring_sqe* receive = ring_.entry();
      ::io_uring_prep_recv(receive, socket_.get(), buffer.data(), buffer.size(), 0);
      receive->user_data = kReceive;
      receive->flags |= IOSQE_IO_LINK;
      io_uring_sqe* timeout = ring_.entry();
      ::io_uring_prep_link_timeout(timeout, &until, IORING_TIMEOUT_ABS);
      timeout->user_data = kTimeout;
      const int n = result_of_linked();
      if (n > 0) {
        const auto got = static_cast<std::size_t>(n);
        recv(buffer.subspan(got));
        return buffer.size();
      }
      if (n != -ECANCELED && n != -EINTR) (void)expect_bytes(n, "recv");
      if (passed(deadline)) return 0;
    }
  }

  // A stream does not see where messages end: a batch is one send, and a receive takes what is
  // there.
  void send_batch(const Batch& batch) { send({batch.data, batch.count * batch.bytes}); }
  std::size_t recv_batch(const Batch& batch) {
    const std::size_t got = read_some({batch.data, batch.count * batch.bytes});
    const std::size_t whole = (got + batch.bytes - 1) / batch.bytes * batch.bytes;
    if (got < whole) recv({batch.data + got, whole - got});
    return whole / batch.bytes;
  }

 private:
  static constexpr std::uint64_t kReceive = 1, kTimeout = 2;

  std::size_t read_some(std::span<std::byte> buffer) {
    ::io_uring_prep_recv(ring_.entry(), socket_.get(), buffer.data(), buffer.size(), 0);
    return result("recv");
  }

  std::size_t result(const char* call) {
    ring_.submit(waits_);
    return expect_bytes(ring_.next(waits_).res, call);
  }

  // Both must be over before the buffer and the time may go.
  int result_of_linked() {
    ring_.submit(waits_);
    int received = 0;
    for (int over = 0; over < 2; ++over) {
      const io_uring_cqe one = ring_.next(waits_);
      if (one.user_data == kReceive) received = one.res;
    }
    return received;
  }

  static std::size_t expect_bytes(int n, const char* call) {
    if (n < 0) throw std::system_error(-n, std::generic_category(), call);
    if (n == 0) throw std::system_error(EPIPE, std::generic_category(), "recv: peer closed");
    return static_cast<std::size_t>(n);
  }

  Uring ring_;
  Fd socket_;
  bool waits_;
};

// An end waits for its completion in the kernel or at the ring.
template <Wait W>
concept UringWait = W == Wait::spin || W == Wait::block;

template <unsigned Flags>
class OverUring {
 public:
  static constexpr Traits traits{
      .name = Flags == 0 ? "io_uring" : "io_uring_sqpoll",
      .summary = Flags == 0 ? "a pair of Unix stream sockets, through io_uring"
                            : "the same, and a kernel thread that polls for submissions",
      .family = Family::async,
      .copies = 2,
      .boundaries = false};

  // Tried here, for the reason; the ends open their own.
  explicit OverUring(const Shape& shape) : pair_(open_unix_pair(SOCK_STREAM)) {
    (void)open_ring(Flags);
    if (Flags == IORING_SETUP_SQPOLL && shape.wait == Wait::spin) require_cpus();
  }

  template <Wait W>
  requires UringWait<W> UringEnd<Flags> client(int) { return {std::move(pair_.client), W}; }
  template <Wait W>
  requires UringWait<W> UringEnd<Flags> server(int) { return {std::move(pair_.server), W}; }

 private:
  // Two ends and two kernel threads that never sleep: with fewer CPUs two of them share one, and a
  // message takes a turn of the scheduler.
  static void require_cpus() {
    constexpr int kSpinners = 4;
    const WideAffinity while_counting;
    const int cpus = WideAffinity::cpus();
    if (cpus < kSpinners) {
      throw Unavailable("io_uring_sqpoll: wait spin needs " + std::to_string(kSpinners) +
                        " CPUs (there are " + std::to_string(cpus) + ")");
    }
  }

  SocketPair pair_;
};

const Register<OverUring<0>> registered;
const Register<OverUring<IORING_SETUP_SQPOLL>> sqpoll_registered;

}  // namespace
}  // namespace ipcmark
