// Several producers and consumers: whatever the mechanism, every message of every producer is taken
// once, by one consumer, and each consumer sees a producer's messages in order.
#include <limits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <numeric>

#include "transports/posix.hpp"
#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

// What all ends see.
struct Board {
  std::atomic<std::uint32_t> laid_out, ready, senders_done;
  struct Result {
    std::uint64_t messages, wrong, lost;
    std::array<Taken, kMostRoles> taken;
    char error[200];
  };
  std::array<Result, kMostRoles> clients, servers;
};

class SharedBoard {
 public:
  SharedBoard() : memory_(check(::memfd_create("board", MFD_CLOEXEC), "memfd_create")) {
    check(::ftruncate(memory_.get(), sizeof(Board)), "ftruncate");
    mapping_ = Mapping(memory_, sizeof(Board));
  }
  Board* operator->() const { return reinterpret_cast<Board*>(mapping_.data()); }

 private:
  Fd memory_;
  Mapping mapping_;
};

template <class Done>
void yield_until(Done done) {
  while (!done()) ::sched_yield();
}

// One end, in a process of its own.
void play(Role role, std::uint32_t index, std::unique_ptr<Channel> channel, const Shape& shape,
          Job job, const SharedBoard& board) {
  const bool client = role == Role::client;
  auto end =
      client ? channel->client(static_cast<int>(index)) : channel->server(static_cast<int>(index));
  channel.reset();
  if (client && index == 0) {
    end->reshape(shape);
    board->laid_out = 1;
  } else {
    yield_until([&] { return board->laid_out == 1; });
    end->reshape(shape);
  }
  ++board->ready;
  yield_until([&] { return board->ready == shape.producers + shape.consumers; });
  std::vector<std::uint64_t> stamps(job.messages + 2);
  Tally tally{.stamps = stamps};
  job.index = index;
  job.senders_done = &board->senders_done;
  job.senders_awaited = shape.producers;
  end->run(client ? Part::pour : Part::drain, job, tally);
  if (client) ++board->senders_done;
  Board::Result& result = client ? board->clients[index] : board->servers[index];
  result.messages = tally.messages, result.wrong = tally.wrong, result.lost = tally.lost;
  result.taken = tally.taken;
}

pid_t start(Role role, std::uint32_t index, std::unique_ptr<Channel>& channel, const Shape& shape,
            const Job& job, const SharedBoard& board) {
  const pid_t pid = check(::fork(), "fork");
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::alarm(kWatchdogSeconds);
  try {
    play(role, index, std::move(channel), shape, job, board);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s %u: %s\n", role == Role::client ? "client" : "server", index,
                 error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

void run_mailbox(const Transport& transport, const Shape& shape, const Job& job,
                 const SharedBoard& board) {
  auto channel = transport.open(shape);
  std::vector<pid_t> ends;
  for (std::uint32_t i = 0; i < shape.producers; ++i) {
    ends.push_back(start(Role::client, i, channel, shape, job, board));
  }
  for (std::uint32_t j = 0; j < shape.consumers; ++j) {
    ends.push_back(start(Role::server, j, channel, shape, job, board));
  }
  for (const pid_t end : ends) {
    int status = 0;
    check(::waitpid(end, &status, 0), "waitpid");
    EXPECT_EQ(status, 0);
  }
}

class Mailbox : public Conformance {
 protected:
  static void deliver(std::uint32_t producers, std::uint32_t consumers, std::uint64_t bytes) {
    Shape all = shape(bytes, 0);
    all.producers = producers, all.consumers = consumers;
    if (const auto why = refusal(all); !why.empty()) {
      // What cannot have that many consumers says so; a pair of producers all can have.
      EXPECT_TRUE(consumers > transport().traits.most_consumers || bytes > 8) << why;
      return;
    }
    Job job = Conformance::job(all, kMessages);
    job.producers = producers, job.consumers = consumers;
    const SharedBoard board;
    run_mailbox(transport(), all, job, board);
    expect_whole(all, board);
  }

  static void expect_whole(const Shape& shape, const SharedBoard& board) {
    const auto what = ::testing::Message() << shape.producers << ":" << shape.consumers << ", "
                                           << shape.message_bytes << " B";
    std::uint64_t arrived = 0;
    for (std::uint32_t j = 0; j < shape.consumers; ++j) {
      const Board::Result& server = board->servers[j];
      EXPECT_EQ(server.wrong, 0u) << what;
      EXPECT_EQ(server.messages + server.lost, kMessages / shape.consumers) << what;
      arrived += server.messages + server.lost;
    }
    EXPECT_EQ(arrived, kMessages) << what;
    for (std::uint32_t i = 0; i < shape.producers; ++i) {
      EXPECT_EQ(board->clients[i].messages, kMessages / shape.producers) << what;
      if (transport().traits.lossy) continue;
      Taken taken;
      for (std::uint32_t j = 0; j < shape.consumers; ++j) taken += board->servers[j].taken[i];
      EXPECT_EQ(taken, Taken::whole(kMessages / shape.producers)) << what << ", producer " << i;
    }
  }

  static constexpr std::uint64_t kMessages = 6 * 500;
};

TEST_P(Mailbox, every_message_of_every_producer_is_taken_once_and_in_order) {
  // More spinning ends than CPUs would wait for each other's time slices.
  if (GetParam().wait == Wait::spin && usable_cpus() < 5) GTEST_SKIP() << "fewer than 5 CPUs";
  for (const auto& [producers, consumers] : {std::pair{2u, 1u}, {1u, 2u}, {3u, 2u}}) {
    for (const std::uint64_t bytes : {8ul, 100ul, 4096ul}) deliver(producers, consumers, bytes);
  }
}

bool takes_many(const Transport& t, Access) { return is_mailbox(t.traits); }
INSTANTIATE_TEST_SUITE_P(Transport, Mailbox, ::testing::ValuesIn(points(takes_many)), PointName());

std::string refusal_of(const char* name, Shape shape) {
  try {
    (void)find_transport(name)->open(shape);
    return {};
  } catch (const Unavailable& reason) {
    return reason.what();
  }
}

TEST(MailboxLimits, are_named) {
  Shape shape{.message_bytes = PIPE_BUF + 1, .reply_bytes = 0, .producers = 2};
  EXPECT_EQ(refusal_of("pipe", shape),
            "pipe: messages of several ends mix (message_bytes 4097; PIPE_BUF 4096)");
  EXPECT_EQ(refusal_of("shm_ring", shape),
            "shm_ring: 2 producers and 1 consumers asked for (limit 1 and 1)");
  shape.producers = 1, shape.consumers = 2;
  EXPECT_EQ(refusal_of("udp", shape),
            "udp: 1 producers and 2 consumers asked for (limit 16 and 1)");
}

// A consumer that took what another took too is found by the sums alone.
TEST(MailboxSums, differ_where_two_consumers_share_what_one_should_have) {
  Shape shape{.message_bytes = 64, .reply_bytes = 0, .prefix = test_prefix()};
  shape.producers = 2;
  auto channel = find_transport("pipe")->open(shape);
  std::vector<std::uint64_t> stamps(10);
  Tally sent{.stamps = stamps}, taken{.stamps = stamps};
  Job job{.messages = 4, .message_bytes = 64, .messages_each = 4, .verify = true, .producers = 2};
  const auto client = channel->client(0), server = channel->server(0);
  client->reshape(shape), server->reshape(shape);
  client->run(Part::pour, job, sent);
  client->run(Part::pour, job, sent);  // as if it were the other one, which sends nothing
  server->run(Part::drain, job, taken);
  EXPECT_EQ(taken.wrong, 2u) << "the same messages again are not new";
  EXPECT_NE(taken.taken[1], Taken::whole(2));
}

}  // namespace
}  // namespace ipcmark::conformance
