// Two POSIX message queues, one each way.
//
// A send copies the payload into kernel memory, pages linked to one message, and puts it into a
// tree sorted by priority, or straight into the hands of a receiver that waits; a receive copies it
// out: two copies, two system calls and, when the receiver sleeps, one wake-up. What surprises: a
// queue holds 10 messages of at most 8192 B unless one is privileged; all queues of a user share
// RLIMIT_MSGQUEUE (800 KiB), charged when a queue is opened, not when it fills; the deadline of a
// receive counts on CLOCK_REALTIME, so somebody who sets the clock can delay it; and nobody is told
// when the peer is gone.
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <optional>

#include "transports/hybrid.hpp"
#include "transports/mailbox.hpp"
#include "transports/patience.hpp"
#include "transports/proc_number.hpp"
#include "transports/registry.hpp"
#include "transports/unpredictable.hpp"

namespace ipcmark {
namespace {

// A descriptor of a message queue is a file descriptor on Linux, and can be polled.
class PosixMqEnd {
 public:
  PosixMqEnd(Fd in, std::size_t widest, Fd out, std::uint64_t depth, const Shape& shape)
      : wait_(shape.wait),
        in_(std::move(in)),
        widest_(widest),
        out_(std::move(out)),
        depth_(depth),
        spin_budget_ns_(shape.spin_budget_ns) {
    in_.set_nonblocking(!blocks(wait_));
    out_.set_nonblocking(!blocks(wait_));
  }

  void reshape(const Shape& shape) { spin_budget_ns_ = shape.spin_budget_ns; }
  [[nodiscard]] int descriptor() const { return in_.get(); }

  void send(std::span<const std::byte> message) { send_priority(message, 0); }

  void send_priority(std::span<const std::byte> message, unsigned priority) {
    const auto* from = reinterpret_cast<const char*>(message.data());
    FdPatience patience(wait_, out_.get(), POLLOUT, spin_budget_ns_, room_.get());
    while (::mq_send(out_.get(), from, message.size(), priority) < 0) {
      expect("mq_send", EAGAIN);
      patience.again();
    }
  }

  // A deadline that has passed is looked at only where there is no room.
  bool try_send(std::span<const std::byte> message) {
    const auto* from = reinterpret_cast<const char*>(message.data());
    const timespec past{};
    for (;;) {
      if (::mq_timedsend(out_.get(), from, message.size(), 0, &past) == 0) return true;
      if (errno == ETIMEDOUT || errno == EAGAIN) return false;
      expect("mq_timedsend", EINTR);
    }
  }

  // The kernel wants room for the widest message, whatever arrives; it lies behind the buffer.
  std::size_t recv(std::span<std::byte> buffer) {
    auto* to = reinterpret_cast<char*>(buffer.data());
    auto patience = reading();
    patience.before();
    for (;;) {
      const ssize_t n = ::mq_receive(in_.get(), to, widest_, nullptr);
      if (n >= 0) return static_cast<std::size_t>(n);
      expect("mq_receive", EAGAIN);
      patience.again();
    }
  }

  std::size_t recv_until(std::span<std::byte> buffer, Deadline deadline) {
    auto* to = reinterpret_cast<char*>(buffer.data());
    auto patience = reading();
    if (!patience.before(deadline)) return 0;
    for (;;) {
      if (blocks(wait_)) {
        const timespec until = realtime(deadline);
        const ssize_t n = ::mq_timedreceive(in_.get(), to, widest_, nullptr, &until);
        if (n >= 0) return static_cast<std::size_t>(n);
        expect("mq_timedreceive", ETIMEDOUT);
        if (passed(deadline)) return 0;  // else the clock was set: once more
      } else {
        const ssize_t n = ::mq_receive(in_.get(), to, widest_, nullptr);
        if (n >= 0) return static_cast<std::size_t>(n);
        expect("mq_receive", EAGAIN);
        if (!patience.again(deadline)) return 0;
      }
    }
  }

  [[nodiscard]] std::uint64_t slots() const { return depth_; }

 private:
  [[nodiscard]] FdPatience reading() const {
    return {wait_, in_.get(), POLLIN, spin_budget_ns_, arrival_.get()};
  }

  static void expect(const char* call, int error) {
    if (errno != error && errno != EINTR) check(-1, call);
  }

  Wait wait_;
  Fd in_;
  std::size_t widest_;
  Fd out_;
  EventPoll arrival_{wait_, in_.get(), POLLIN}, room_{wait_, out_.get(), POLLOUT};
  std::uint64_t depth_;
  std::uint64_t spin_budget_ns_;
};

class PosixMq {
 public:
  static constexpr Traits traits{.name = "posix_mq",
                                 .summary = "two POSIX message queues, one each way",
                                 .family = Family::message_queue,
                                 .copies = 2,
                                 .takes_depth = true,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles,
                                 .priorities = 32768};  // MQ_PRIO_MAX, mq_overview(7)

  explicit PosixMq(const Shape& shape)
      : shape_(shape),
        depth_(shape.depth != 0 ? shape.depth
                                : proc_number("sys/fs/mqueue/msg_default").value_or(10)) {
    while (!open_both()) depth_ -= std::max<std::uint64_t>(1, depth_ / 8);
  }

  template <Wait W>
  PosixMqEnd client(int) {
    return {part_of(back_.in, shape_), back_.widest, part_of(there_.out, shape_), depth_, shape_};
  }
  template <Wait W>
  PosixMqEnd server(int) {
    return {part_of(there_.in, shape_), there_.widest, part_of(back_.out, shape_), depth_, shape_};
  }

 private:
  struct Queue {
    Fd in, out;
    std::size_t widest = 0;
  };

  // False when a default depth must shrink, because both queues exceed what the user may have.
  bool open_both() {
    return open(there_, shape_.message_bytes, "there", "message_bytes") &&
           open(back_, shape_.reply_bytes, "back", "reply_bytes");
  }

  // The name lives between two lines; each end has an open description, and so a way of waiting, of
  // its own.
  bool open(Queue& queue, std::uint64_t bytes, const char* direction, const char* which) {
    const std::string name = "/" + unpredictable(shape_.prefix) + "-mq-" + direction;
    mq_attr attributes{};
    attributes.mq_maxmsg = static_cast<long>(depth_);
    attributes.mq_msgsize = static_cast<long>(std::max<std::uint64_t>(bytes, 1));
    queue = {};
    queue.in =
        Fd(::mq_open(name.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes));
    if (!queue.in) return may_shrink(errno) ? false : refuse(errno, bytes, which);
    queue.out = Fd(::mq_open(name.c_str(), O_WRONLY | O_CLOEXEC));
    const int error = errno;
    check(::mq_unlink(name.c_str()), "mq_unlink");
    if (!queue.out) refuse(error, bytes, which);
    queue.widest = static_cast<std::size_t>(attributes.mq_msgsize);
    return true;
  }

  [[nodiscard]] bool may_shrink(int error) {
    if (error != EMFILE || shape_.depth != 0 || depth_ <= 1) return false;
    there_ = {};
    return true;
  }

  [[noreturn]] bool refuse(int error, std::uint64_t bytes, const std::string& which) const {
    const std::string size = which + " " + std::to_string(bytes);
    const std::string depth = "depth " + std::to_string(depth_);
    if (error == EMFILE) {
      rlimit limit{};
      check(::getrlimit(RLIMIT_MSGQUEUE, &limit), "getrlimit");
      refused("mq_open", error,
              size + ", " + depth + "; RLIMIT_MSGQUEUE " + std::to_string(limit.rlim_cur));
    }
    if (error != EINVAL) refused("mq_open", error, size + ", " + depth);
    const auto most_bytes = proc_number("sys/fs/mqueue/msgsize_max");
    if (most_bytes && bytes > *most_bytes) {
      refused("mq_open", error, size + "; fs.mqueue.msgsize_max " + std::to_string(*most_bytes));
    }
    refused("mq_open", error, depth + "; fs.mqueue.msg_max " + proc_text("sys/fs/mqueue/msg_max"));
  }

  Shape shape_;
  std::uint64_t depth_;
  Queue there_, back_;
};

const Register<PosixMq> registered;
const Register<Hybrid<PosixMq>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
