#include "harness/rendezvous.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

#include "transports/ticks.hpp"

namespace ipcmark {

// Orders and reports are sent as they lie in memory: both sides are the same program.
static_assert(std::is_trivially_copyable_v<Order> && std::is_trivially_copyable_v<Report>);

namespace {

constexpr std::size_t kCanaryBytes = 4096;  // and, at its end, counters, a line pair each
constexpr std::size_t kDoneAt = kCanaryBytes - kLineDistance;
constexpr std::size_t kMetAt = kDoneAt - kLineDistance;
constexpr std::size_t kReceivedAt = kMetAt - kLineDistance;
constexpr std::size_t kOriginAt = kReceivedAt - kLineDistance;
constexpr std::size_t kTurnsAt = kOriginAt - sizeof(Turns);
constexpr timespec kMeetingNap{.tv_sec = 0, .tv_nsec = 20'000};
constexpr std::size_t kScheduleBytes = Stage::kMostScheduled * sizeof(std::uint64_t);
constexpr std::size_t kSizesAt = kCanaryBytes + kScheduleBytes;
constexpr std::size_t kSizesBytes = Stage::kMostScheduled * sizeof(std::uint32_t);
constexpr std::size_t kAwaysAt = kSizesAt + kSizesBytes;
constexpr std::size_t kAwayBytes = 2 * Stage::kMostAways * sizeof(std::uint64_t);
constexpr std::size_t kStampsAt = kAwaysAt + kAwayBytes;
constexpr std::size_t kStampBytes = Stage::kMostStamps * sizeof(std::uint64_t);
constexpr std::size_t kFlowBytes = (sizeof(Flow) + 4095) / 4096 * 4096;
static_assert(sizeof(Handoff) <= kTurnsAt);

}  // namespace

void Report::say(Status what, std::string_view why) {
  status = what;
  at_ns = monotonic_now();
  const std::size_t n = std::min(why.size(), text.size() - 1);
  std::memcpy(text.data(), why.data(), n);
  text[n] = '\0';
}

Stage::Stage(std::uint32_t clients, std::uint32_t servers)
    : clients_(clients),
      roles_(clients + servers),
      memory_(check(::memfd_create("ipcmark-stage", MFD_CLOEXEC), "memfd_create")) {
  const std::size_t bytes = kStampsAt + roles_ * kStampBytes + Order::kMostSteps * kFlowBytes;
  check(::ftruncate(memory_.get(), static_cast<off_t>(bytes)), "ftruncate");
  mapping_ = Mapping(memory_, bytes);
}

Handoff& Stage::canary() const { return *reinterpret_cast<Handoff*>(mapping_.data()); }

std::atomic<std::uint64_t>& Stage::received() const {
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(mapping_.data() + kReceivedAt);
}

std::atomic<std::uint32_t>& Stage::senders_done() const {
  return *reinterpret_cast<std::atomic<std::uint32_t>*>(mapping_.data() + kDoneAt);
}

std::atomic<std::uint32_t>& Stage::met() const {
  return *reinterpret_cast<std::atomic<std::uint32_t>*>(mapping_.data() + kMetAt);
}

// Naps, because roles may share a CPU with the one they wait for.
void Stage::meet(std::uint32_t& meetings) const {
  const std::uint32_t all = ++meetings * roles_;
  met().fetch_add(1, std::memory_order_acq_rel);
  while (met().load(std::memory_order_acquire) < all) ::nanosleep(&kMeetingNap, nullptr);
}

std::atomic<std::uint64_t>& Stage::origin() const {
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(mapping_.data() + kOriginAt);
}

std::uint64_t Stage::meet_before(std::uint32_t& meetings, std::uint64_t lead) const {
  const std::uint64_t mine = ticks::now() + lead;
  std::uint64_t latest = origin().load(std::memory_order_relaxed);
  while (latest < mine && !origin().compare_exchange_weak(latest, mine)) {
  }
  meet(meetings);
  return origin().load(std::memory_order_relaxed);
}

std::span<std::uint64_t> Stage::schedule() const {
  return {reinterpret_cast<std::uint64_t*>(mapping_.data() + kCanaryBytes), kMostScheduled};
}

std::span<std::uint32_t> Stage::sizes() const {
  return {reinterpret_cast<std::uint32_t*>(mapping_.data() + kSizesAt), kMostScheduled};
}

Turns& Stage::turns() const { return *reinterpret_cast<Turns*>(mapping_.data() + kTurnsAt); }

std::span<std::uint64_t> Stage::aways() const {
  return {reinterpret_cast<std::uint64_t*>(mapping_.data() + kAwaysAt), 2 * kMostAways};
}

std::span<std::uint64_t> Stage::stamps(Role role, std::uint32_t index) const {
  const std::size_t before = index + (role == Role::server ? clients_ : 0);
  const std::size_t at = kStampsAt + before * kStampBytes;
  return {reinterpret_cast<std::uint64_t*>(mapping_.data() + at), kMostStamps};
}

Flow& Stage::flow(std::uint32_t step) const {
  const std::size_t at = kStampsAt + roles_ * kStampBytes + step * kFlowBytes;
  return *reinterpret_cast<Flow*>(mapping_.data() + at);
}

void Stage::clear_flows() const {
  for (std::uint32_t step = 0; step < Order::kMostSteps; ++step) new (&flow(step)) Flow{};
}

std::array<ControlSocket, 2> ControlSocket::pair() {
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), "socketpair");
  return {ControlSocket(Fd(fds[0])), ControlSocket(Fd(fds[1]))};
}

void ControlSocket::send_bytes(const void* data, std::size_t n) const {
  check(::send(fd_.get(), data, n, MSG_NOSIGNAL), "send on the control socket");
}

bool ControlSocket::recv_bytes(void* data, std::size_t n) const {
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), data, n, 0);
    if (got == static_cast<ssize_t>(n)) return true;
    if (got < 0 && errno == EINTR) continue;
    return false;  // closed, reset, or not a message of ours: the other side is no partner any more
  }
}

std::optional<Order> ControlSocket::recv_order() const {
  Order order;
  if (!recv_bytes(&order, sizeof order)) return std::nullopt;
  return order;
}

std::optional<Report> ControlSocket::recv_report() const {
  Report report;
  if (!recv_bytes(&report, sizeof report)) return std::nullopt;
  report.text.back() = '\0';
  return report;
}

}  // namespace ipcmark
