// What a killed peer leaves to the other end of shared memory: an error that names it where the
// lock can tell, else a wait that a signal ends; never a process that cannot be stopped.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <memory>
#include <optional>

#include "transports/patience.hpp"
#include "transports/posix.hpp"
#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

// Two processes that stream for ever, each with an end; killed and waited for when this goes.
class Stream {
 public:
  Stream(const Transport& transport, const Shape& shape) : channel_(transport.open(shape)) {
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
    const Fd clients(fds[0]), servers(fds[1]);
    int said[2];
    check(::pipe2(said, O_CLOEXEC), "pipe2");
    said_ = Fd(said[0]);
    const Fd say(said[1]);
    client_ = start(Role::client, shape, clients, say);
    server_ = start(Role::server, shape, servers, say);
    say_nothing_for_ns(2'000'000);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    for (const pid_t pid : {client_, server_}) end(pid, SIGKILL);
  }

  [[nodiscard]] pid_t client() const { return client_; }
  [[nodiscard]] pid_t server() const { return server_; }

  // Sends the signal; whether the process ended within two seconds.
  static bool end(pid_t pid, int signal) {
    ::kill(pid, signal);
    for (const Deadline late = deadline_in(2'000'000'000); !passed(late);) {
      siginfo_t info{};  // looked at, not waited for: the destructor may ask again
      if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
        return true;
      }
      if (info.si_pid == pid) {
        if (signal == SIGKILL) ::waitpid(pid, nullptr, 0);
        return true;
      }
      say_nothing_for_ns(100'000);
    }
    return false;
  }

  // What a survivor says within the time; nothing when it says nothing.
  std::string error(std::uint64_t patience_ns) {
    if (!readable_until(said_.get(), deadline_in(patience_ns))) return {};
    char text[256];
    const auto n = ::read(said_.get(), text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  static void say_nothing_for_ns(std::int64_t ns) {
    const timespec pause = to_timespec(ns);
    ::nanosleep(&pause, nullptr);
  }

 private:
  pid_t start(Role role, const Shape& shape, const Fd& control, const Fd& say) {
    const pid_t pid = check(::fork(), "fork");
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      stream(role, shape, control);
    } catch (const std::exception& error) {
      (void)!::write(say.get(), error.what(), std::strlen(error.what()));
    }
    for (;;) ::pause();  // alive, so that only a signal ends it
  }

  // The client is at home: it lays the memory out, and begins when the server has been there too.
  void stream(Role role, const Shape& shape, const Fd& control) {
    const bool client = role == Role::client;
    const auto end = client ? channel_->client(0) : channel_->server(0);
    char byte = 0;
    if (!client) check(::recv(control.get(), &byte, 1, 0), "recv");
    end->reshape(shape);
    check(::send(control.get(), &byte, 1, 0), "send");
    if (client) check(::recv(control.get(), &byte, 1, 0), "recv");
    constexpr std::uint64_t kForEver = 1ull << 40;
    Job job{.messages = kForEver, .message_bytes = 8, .messages_each = kForEver};
    std::uint64_t stamps[4];
    Tally tally{.stamps = stamps};
    end->run(client ? Part::pour : Part::drain, job, tally);
  }

  std::unique_ptr<Channel> channel_;
  Fd said_;
  pid_t client_ = 0, server_ = 0;
};

class KilledPeer : public Conformance {};

TEST_P(KilledPeer, leaves_a_survivor_that_a_signal_ends) {
  for (const bool kill_client : {true, false, true, false}) {
    const Stream stream(transport(), shape(8, 0));
    ASSERT_TRUE(Stream::end(kill_client ? stream.client() : stream.server(), SIGKILL));
    Stream::say_nothing_for_ns(1'000'000);  // the survivor finds out, or sleeps
    EXPECT_TRUE(Stream::end(kill_client ? stream.server() : stream.client(), SIGTERM));
  }
}

bool shares(const Transport& t, Access access) {
  return access == Access::copy && t.traits.family == Family::shared_memory && t.traits.answers &&
         !t.traits.one_in_flight;
}
INSTANTIATE_TEST_SUITE_P(Transport, KilledPeer, ::testing::ValuesIn(points(shares)), PointName());

// The lock is held for a good part of a stream's time, so a kill meets it within a few tries; the
// survivor keeps looking and must find it.
TEST(MutexCond, an_owner_that_dies_inside_is_an_error_that_names_it) {
  void* list = nullptr;  // of the locks that the kernel releases for a thread that dies
  std::size_t bytes = 0;
  if (::syscall(SYS_get_robust_list, 0, &list, &bytes) != 0) {
    GTEST_SKIP() << "get_robust_list: " << std::strerror(errno);
  }
  const Transport& mutex = *find_transport("shm_mutex_cond");
  Shape shape{.message_bytes = 8, .reply_bytes = 0, .prefix = test_prefix()};
  shape.wait = Wait::spin_then_block;
  shape.spin_budget_ns = 60'000'000'000;
  std::string error;
  std::string dead;
  for (int attempt = 0; attempt < 300 && error.empty(); ++attempt) {
    Stream stream(mutex, shape);
    dead = "the client, process " + std::to_string(stream.client()) + ", died inside";
    Stream::end(stream.client(), SIGKILL);
    error = stream.error(20'000'000);
  }
  EXPECT_EQ(error, "pthread_mutex_lock: " + dead + ": Owner died");
}

}  // namespace
}  // namespace ipcmark::conformance
