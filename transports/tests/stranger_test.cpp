// No other user can reach into a channel, neither while it is opened nor afterwards; and nobody
// can keep us from opening one by taking its names first.
#include "transports/tests/stranger.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <memory>

#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

constexpr unsigned kRounds = 3;
constexpr int kOpenings = 4;

class StrangerTest : public Conformance {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    Conformance::SetUp();
  }

  [[nodiscard]] static Shape small() {
    return shape(at_most(8), transport().traits.answers ? at_most(8) : 0);
  }
  [[nodiscard]] static Phase exchange() {
    const Shape shape = small();
    Job both = job(shape, 16);
    if (transport().traits.answers) return ask(shape, 16);
    return {shape, Part::pour, Part::drain, both, both};
  }
};

// A channel whose server is a process of its own; both ends have mapped and met.
class OpenChannel {
 public:
  OpenChannel(const Transport& transport, const Phase& phase)
      : phase_(phase), channel_(transport.open(phase.shape)) {
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
    ours_ = Fd(fds[0]);
    Fd theirs(fds[1]);
    server_ = check(::fork(), "fork");
    if (server_ == 0) serve(theirs);
    theirs = Fd();
    client_ = channel_->client(0);
    client_->reshape(phase_.shape);
    next(ours_), await(ours_);
  }
  OpenChannel(const OpenChannel&) = delete;
  OpenChannel& operator=(const OpenChannel&) = delete;
  ~OpenChannel() {
    ::kill(server_, SIGKILL);
    ::waitpid(server_, nullptr, 0);
  }

  [[nodiscard]] pid_t server() const { return server_; }

  // Messages that were wrong at either end, of those that were exchanged.
  std::uint64_t wrong() {
    next(ours_);
    std::uint64_t stamps[64];
    Tally tally{.stamps = stamps};
    client_->run(*phase_.client, phase_.client_job, tally);
    return tally.wrong + static_cast<std::uint64_t>(await(ours_));
  }

 private:
  static void next(const Fd& control, char byte = 0) {
    check(::send(control.get(), &byte, 1, MSG_NOSIGNAL), "send");
  }
  static char await(const Fd& control) {
    char byte = 0;
    if (check(::recv(control.get(), &byte, 1, 0), "recv") != 1) throw std::runtime_error("died");
    return byte;
  }

  [[noreturn]] void serve(const Fd& control) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      const auto end = channel_->server(0);
      await(control);
      end->reshape(phase_.shape);
      next(control), await(control);
      std::uint64_t stamps[64];
      Tally tally{.stamps = stamps};
      end->run(*phase_.server, phase_.server_job, tally);
      next(control, static_cast<char>(std::min<std::uint64_t>(tally.wrong, 100)));
      for (;;) ::pause();
    } catch (const std::exception&) {
    }
    ::_exit(1);
  }

  Phase phase_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<End> client_;
  Fd ours_;
  pid_t server_ = 0;
};

TEST_P(StrangerTest, cannot_reach_an_open_channel) {
  OpenChannel channel(transport(), exchange());
  const Stranger stranger(
      {.prefix = test_prefix(), .pids = {::getpid(), channel.server()}, .open = true});
  ASSERT_TRUE(stranger.tried(kRounds));
  const std::uint64_t wrong = channel.wrong();
  if (transport().traits.carries_payload) {
    EXPECT_EQ(wrong, 0u);
  }
  EXPECT_EQ(stranger.breaches(), "");
}

TEST_P(StrangerTest, cannot_get_into_or_squat_one_that_is_being_opened) {
  const Stranger stranger({.prefix = test_prefix(), .pids = {::getpid()}});
  ASSERT_TRUE(stranger.tried(1));
  const unsigned until = stranger.rounds() + kRounds;
  for (int i = 0; i < kOpenings || stranger.rounds() < until; ++i) {
    run_all_right(small(), {exchange()});
    ASSERT_FALSE(HasFailure()) << "opening " << i;
  }
  EXPECT_EQ(stranger.breaches(), "");
}

bool any(const Transport&, Access access) { return access == Access::copy; }

// How an end waits changes nothing of what it can be reached by.
std::vector<Point> one_a_variant() {
  std::vector<Point> all = variant_points(any);
  std::string last;
  for (const Point& point : points(any)) {
    if (point.transport->traits.name == last) continue;
    const auto& waits = point.transport->waits;
    const bool blocks = std::ranges::find(waits, Wait::block) != waits.end();
    if (point.wait != (blocks ? Wait::block : waits.back())) continue;
    last = point.transport->traits.name;
    all.push_back(point);
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(Transport, StrangerTest, ::testing::ValuesIn(one_a_variant()),
                         PointName());

// The test of the test: what a careless program leaves is found.
TEST(StrangerItself, finds_what_is_open_to_all) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const std::string name = "/" + test_prefix() + "-careless";
  const Fd careless(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
  ::fchmod(careless.get(), 0666);
  const Stranger stranger({.prefix = test_prefix(), .pids = {}, .open = true});
  const bool tried = stranger.tried(kRounds);
  ::shm_unlink(name.c_str());
  EXPECT_TRUE(tried);
  EXPECT_NE(stranger.breaches().find("open to write /dev/shm" + name), std::string::npos);
}

}  // namespace
}  // namespace ipcmark::conformance
