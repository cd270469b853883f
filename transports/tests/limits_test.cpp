// Limits of the machine and of single mechanisms: named when they are reached, and nothing lost
// there.
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>

#include <filesystem>
#include <fstream>

#include "transports/tests/leftovers.hpp"

namespace ipcmark::conformance {
namespace {

TEST(Limits, are_named_with_what_was_asked) {
  EXPECT_EQ(refusal("unix_seqpacket", 8, 64), "");
  EXPECT_TRUE(refusal("unix_seqpacket", 1 << 26, 8)
                  .starts_with("send: Message too long (message_bytes 67108864; SO_SNDBUF "));
  EXPECT_TRUE(refusal("unix_dgram", 8, 1 << 26)
                  .starts_with("send: Message too long (reply_bytes 67108864; SO_SNDBUF "));
  EXPECT_TRUE(refusal("sysv_mq", 1 << 26, 8)
                  .starts_with("msgsnd: Invalid argument (message_bytes 67108864; kernel.msgmax "));
  EXPECT_TRUE(refusal("posix_mq", 1 << 26, 8)
                  .starts_with(
                      "mq_open: Invalid argument (message_bytes 67108864; fs.mqueue.msgsize_max "));
  EXPECT_EQ(refusal("cache_line", 57, 8), "cache_line: 57 bytes asked for (limit 56)");
}

// Lowers a limit while it lives; both of those used here count what all of the user's processes
// hold.
class LowerLimit {
 public:
  LowerLimit(__rlimit_resource_t which, rlim_t to) : which_(which) {
    ::getrlimit(which_, &before_);
    const rlimit lower{.rlim_cur = to, .rlim_max = before_.rlim_max};
    ::setrlimit(which_, &lower);
  }
  ~LowerLimit() { ::setrlimit(which_, &before_); }

 private:
  __rlimit_resource_t which_;
  rlimit before_{};
};

TEST(PosixMq, a_default_depth_shrinks_to_the_limit_and_says_so_an_asked_one_is_refused) {
  const LowerLimit limit(RLIMIT_MSGQUEUE, 100'000);
  const Transport& mq = *find_transport("posix_mq");
  Shape shape{.message_bytes = 8192, .reply_bytes = 8192, .prefix = test_prefix()};
  const auto end = mq.open(shape)->client(0);
  EXPECT_GE(end->slots(), 1u);
  EXPECT_LT(end->slots(), 10u);
  shape.depth = 10;
  EXPECT_EQ(refusal(mq, shape).find("mq_open: Too many open files ("), 0u) << refusal(mq, shape);
  EXPECT_NE(refusal(mq, shape).find("RLIMIT_MSGQUEUE 100000"), std::string::npos);
  shape.depth = 1'000'000;
  EXPECT_NE(refusal(mq, shape).find("fs.mqueue.msg_max"), std::string::npos) << refusal(mq, shape);
}

// A channel that is journalled as `objects` lines of this kind; `find` is -1 for a key that is
// gone.
std::unique_ptr<Channel> open_journalled(const char* transport, const char* kind, int objects,
                                         int (*find)(key_t)) {
  const auto journal = std::filesystem::temp_directory_path() / (test_prefix() + "-journal");
  ::setenv("IPCMARK_JOURNAL", journal.c_str(), 1);
  auto channel = find_transport(transport)->open({});
  ::unsetenv("IPCMARK_JOURNAL");
  std::ifstream lines(journal);
  std::string said, key;
  long pid = 0, time = 0;
  for (int object = 0; object < objects; ++object) {
    EXPECT_TRUE(lines >> said >> key >> pid >> time);
    EXPECT_EQ(said, kind);
    EXPECT_NE(find(static_cast<key_t>(std::stoul(key, nullptr, 16))), -1) << key;
    EXPECT_EQ(pid, ::getpid());
  }
  EXPECT_FALSE(lines >> said);
  std::filesystem::remove(journal);
  return channel;
}

std::string error_of(End& end) {
  std::uint64_t stamps[2];
  Tally tally{.stamps = stamps};
  try {
    end.reshape({});
    end.run(Part::ask, {.messages = 1, .message_bytes = 64, .reply_bytes = 64}, tally);
    return {};
  } catch (const std::system_error& error) {
    return error.what();
  }
}

TEST(SysvMq, keys_are_journalled_and_a_removed_queue_is_an_error_that_names_the_call) {
  auto channel = open_journalled("sysv_mq", "msg", 2, [](key_t key) { return ::msgget(key, 0); });
  const auto end = channel->client(0);
  channel.reset();
  EXPECT_EQ(sysv_left(), 0u);
  EXPECT_EQ(error_of(*end).find("msgsnd: "), 0u);
}

TEST(SysvSem, its_key_is_journalled_and_a_removed_set_is_an_error_that_names_the_call) {
  auto channel =
      open_journalled("shm_sysv_sem", "sem", 1, [](key_t key) { return ::semget(key, 0, 0); });
  const auto end = channel->client(0);
  EXPECT_EQ(semaphores_left(), 1u);
  channel.reset();
  EXPECT_EQ(sysv_left(), 0u);
  EXPECT_EQ(error_of(*end).find("semctl: "), 0u);
}

TEST(SysvSem, a_ring_deeper_than_a_semaphore_counts_is_refused_with_the_limit) {
  const Shape deep{.depth = 32768, .prefix = test_prefix()};
  EXPECT_EQ(refusal(*find_transport("shm_sysv_sem"), deep),
            "semop: Numerical result out of range (slots 32768; SEMVMX 32767)");
  EXPECT_EQ(sysv_left(), 0u);
}

// Signals of this user that are pending now.
rlim_t pending_signals() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigQ:")) return std::stoul(line.substr(5));
  }
  return 0;
}

class FullSignalQueue : public Conformance {};

TEST_P(FullSignalQueue, is_waited_for_and_no_message_is_lost) {
  const Shape pouring = shape(8, 0);
  const Job many = job(pouring, 2000);
  const LowerLimit limit(RLIMIT_SIGPENDING, pending_signals() + 8);
  run_all_right(pouring, {{pouring, Part::pour, Part::drain, many, many}});
}

bool queues_signals(const Transport& t, Access) {
  return t.traits.name == "rt_signal" || t.traits.name == "signalfd";
}
INSTANTIATE_TEST_SUITE_P(Transport, FullSignalQueue, ::testing::ValuesIn(points(queues_signals)),
                         PointName());

TEST(FullSignalQueue, that_is_never_empty_is_a_limit_with_its_name) {
  const LowerLimit limit(RLIMIT_SIGPENDING, 0);
  for (const char* name : {"rt_signal", "signalfd"}) {
    EXPECT_EQ(refusal(name, 8, 8)
                  .find("rt_tgsigqueueinfo: Resource temporarily unavailable (RLIMIT_SIGPENDING 0"),
              0u)
        << refusal(name, 8, 8);
  }
}

TEST(Udp, loses_less_with_a_larger_buffer) {
  if (const std::string why = refusal("udp", 8, 0); !why.empty()) GTEST_SKIP() << why;
  const auto lost_with = [](std::uint64_t buffer_bytes) {
    const Shape shape{.message_bytes = 1000,
                      .reply_bytes = 0,
                      .buffer_bytes = buffer_bytes,
                      .prefix = test_prefix()};
    auto channel = find_transport("udp")->open(shape);
    const auto client = channel->client(0), server = channel->server(0);
    client->reshape(shape), server->reshape(shape);
    std::vector<std::uint64_t> stamps(102);
    Tally sent{.stamps = stamps}, received{.stamps = stamps};
    const Job job{.messages = 100, .message_bytes = 1000, .messages_each = 1, .verify = true};
    client->run(Part::pour, job, sent);
    server->run(Part::drain, job, received);
    return received.lost;
  };
  EXPECT_GT(lost_with(10'000), 0u);
  EXPECT_EQ(lost_with(200'000), 0u);
}

TEST(Udp, counts_as_lost_what_the_receiver_had_no_room_for_and_the_kernel_agrees) {
  if (const std::string why = refusal("udp", 8, 0); !why.empty()) GTEST_SKIP() << why;
  const Shape shape{.message_bytes = 1000, .reply_bytes = 0, .prefix = test_prefix()};
  auto channel = find_transport("udp")->open(shape);
  const auto client = channel->client(0), server = channel->server(0);
  client->reshape(shape), server->reshape(shape);
  constexpr std::uint64_t kMessages = 10'000;  // the default buffer has room for some 250
  std::vector<std::uint64_t> stamps(kMessages + 2);
  Tally sent{.stamps = stamps}, received{.stamps = stamps}, next{.stamps = stamps};
  Job job{.messages = kMessages, .message_bytes = 1000, .messages_each = 1, .verify = true};
  client->run(Part::pour, job, sent);
  server->run(Part::drain, job, received);
  EXPECT_EQ(sent.messages, kMessages);
  EXPECT_EQ(received.messages + received.lost, kMessages);
  EXPECT_EQ(received.stamped, received.messages + 1);
  EXPECT_GT(received.lost, 0u);
  EXPECT_EQ(received.lost, server->drops());
  EXPECT_EQ(received.wrong + received.duplicated + received.reordered, 0u);

  job.first_sequence = kMessages, job.messages = 10;
  client->run(Part::pour, job, sent);
  server->run(Part::drain, job, next);
  EXPECT_EQ(next.messages, 10u) << "what was lost has not shifted what follows";
  EXPECT_EQ(next.wrong, 0u);
}

}  // namespace
}  // namespace ipcmark::conformance
