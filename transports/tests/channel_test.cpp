// What a channel promises beyond its messages: reasons, closed peers, and a machine left as it was.
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

std::string refusal(const Transport& transport, const Shape& widest) {
  try {
    (void)transport.open(widest);
    return {};
  } catch (const Unavailable& reason) {
    return reason.what();
  }
}

std::string refusal(const char* name, std::uint64_t message_bytes, std::uint64_t reply_bytes) {
  return refusal(
      *find_transport(name),
      {.message_bytes = message_bytes, .reply_bytes = reply_bytes, .prefix = test_prefix()});
}

std::size_t names_left(const std::filesystem::path& folder) {
  std::error_code none;  // a folder that is not there holds nothing
  return static_cast<std::size_t>(std::ranges::count_if(
      std::filesystem::directory_iterator(folder, none), [](const auto& entry) {
        const std::string name = entry.path().filename().string();
        return name.starts_with(test_prefix()) || name.starts_with("sem." + test_prefix());
      }));
}

std::size_t names_left() {
  return names_left("/dev/shm") + names_left("/dev/mqueue") +
         names_left(std::filesystem::temp_directory_path());
}

// System V queues that this process was the last to write to; the probe of the size makes it so.
std::size_t queues_left() {
  std::ifstream table("/proc/sysvipc/msg");
  std::string line;
  std::getline(table, line);
  std::size_t count = 0;
  while (std::getline(table, line)) {
    std::istringstream row(line);
    std::string cell;
    for (int column = 0; column < 6; ++column) row >> cell;  // key msqid perms cbytes qnum lspid
    if (cell == std::to_string(::getpid())) ++count;
  }
  return count;
}

// System V segments that this process made: those that still have a key, or all.
enum class Segments { named, all };
std::size_t segments_left(Segments which) {
  std::ifstream table("/proc/sysvipc/shm");
  std::string line;
  std::getline(table, line);
  std::size_t count = 0;
  while (std::getline(table, line)) {
    std::istringstream row(line);
    std::string key, id, permissions, bytes, creator;
    row >> key >> id >> permissions >> bytes >> creator;
    if (creator != std::to_string(::getpid())) continue;
    if (which == Segments::all || key != "0") ++count;
  }
  return count;
}

// System V semaphores whose value this process was the last to set; setting them up makes it so.
std::size_t semaphores_left() {
  std::ifstream table("/proc/sysvipc/sem");
  std::string line;
  std::getline(table, line);
  std::size_t count = 0;
  while (std::getline(table, line)) {
    std::istringstream row(line);
    int key = 0, id = 0;
    row >> key >> id;
    if (::semctl(id, 0, GETPID) == ::getpid()) ++count;
  }
  return count;
}

std::size_t sysv_left() { return queues_left() + semaphores_left() + segments_left(Segments::all); }

class Leftovers : public Conformance {};

TEST_P(Leftovers, names_are_gone_once_it_is_open_and_everything_once_it_is_closed) {
  for (const Variant& variant : variants(transport().traits)) {
    Shape small = shape(at_most(56), at_most(56));
    variant.apply(small);
    if (!refusal(small).empty()) continue;
    auto channel = transport().open(small);
    EXPECT_EQ(names_left(), 0u);
    EXPECT_EQ(segments_left(Segments::named), 0u);
    channel.reset();
    EXPECT_EQ(sysv_left(), 0u);
    run_all_right(small, {ask(small, 4)});
    EXPECT_EQ(sysv_left(), 0u);
  }
}

TEST_P(Leftovers, a_refusal_says_why_and_leaves_nothing) {
  for (const std::uint64_t bytes : {57ul, 8193ul, 212'961ul, 1ul << 30}) {
    Shape asked = shape(bytes, 8);
    asked.threshold_bytes = kNever;
    const std::string reason = refusal(asked);
    if (reason.empty()) continue;
    EXPECT_NE(reason.find(": "), std::string::npos) << reason;
    EXPECT_NE(reason.find_first_of("0123456789", reason.find('(')), std::string::npos) << reason;
    EXPECT_EQ(names_left(), 0u);
    EXPECT_EQ(sysv_left(), 0u);
  }
}

bool one_wait(const Transport& t, Access access) {
  return t.traits.answers && access == Access::copy;
}
std::vector<Point> one_point_a_transport() {
  auto all = points(one_wait);
  std::erase_if(all, [](const Point& p) { return p.wait != p.transport->waits.back(); });
  return all;
}
INSTANTIATE_TEST_SUITE_P(Transport, Leftovers, ::testing::ValuesIn(one_point_a_transport()),
                         PointName());

class TwoThreads : public Conformance {};

TEST_P(TwoThreads, exchange_messages_as_two_processes_do) {
  Shape small = shape(at_most(64), at_most(64));
  std::vector<Phase> phases{ask(small, 20)};
  small.home = Role::server, small.message_bytes = 1;
  phases.push_back(ask(small, 20));
  small.message_bytes = at_most(64);
  const auto outcomes = run_as_threads(transport(), small, phases);
  ASSERT_EQ(outcomes.size(), phases.size())
      << outcomes.back().client.error << outcomes.back().server.error;
  for (std::size_t i = 0; i < phases.size(); ++i) expect_right(outcomes[i], phases[i]);
}

INSTANTIATE_TEST_SUITE_P(Transport, TwoThreads, ::testing::ValuesIn(one_point_a_transport()),
                         PointName());

class ClosedPeer : public Conformance {
 protected:
  // The server leaves after five messages; the client wants more.
  static std::string error_of_client(Part client, Part server, std::uint64_t messages) {
    const Shape both = shape(64, 64);
    const auto outcomes =
        run(transport(), both, {{both, client, server, job(both, messages), job(both, 5)}},
            Keep::nothing);
    return outcomes[0].client.error;
  }
  static void expect_names_a_call(const std::string& error) {
    const bool names = error.starts_with("write") || error.starts_with("send") ||
                       error.starts_with("read") || error.starts_with("recv") ||
                       error.starts_with("vmsplice");
    EXPECT_TRUE(names) << "\"" << error << "\"";
  }
};

TEST_P(ClosedPeer, a_sender_gets_an_error_that_names_the_call) {
  expect_names_a_call(error_of_client(Part::pour, Part::drain, 100'000));
}

TEST_P(ClosedPeer, a_receiver_gets_an_error_that_names_the_call) {
  if (transport().traits.name == "unix_dgram" || transport().traits.lossy) {
    GTEST_SKIP() << "the kernel tells no receiver of datagrams that its peer is gone";
  }
  expect_names_a_call(error_of_client(Part::ask, Part::answer, 10));
}

// Queues and shared memory have no peer: the harness watches the process instead.
bool has_a_peer(const Transport& t, Access access) {
  const bool over_a_stream =
      t.traits.name.starts_with("vmsplice") || t.traits.name == "memfd_fresh";
  return access == Access::copy &&
         (t.traits.family == Family::pipe || t.traits.family == Family::socket ||
          t.traits.family == Family::async || over_a_stream);
}
INSTANTIATE_TEST_SUITE_P(Transport, ClosedPeer, ::testing::ValuesIn(points(has_a_peer)),
                         PointName());

// Sixteen messages fill a pipe of sixteen pages; the ones behind them are written while the first
// wait.
class LentPages : public Conformance {};

TEST_P(LentPages, a_message_that_waits_is_not_changed_by_those_written_after_it) {
  for (const std::uint64_t bytes : {1ul, 64ul, 4096ul, 65536ul}) {
    const Shape pouring = shape(bytes, 0);
    const std::uint64_t waiting = 65536 / std::max(bytes, 4096ul);
    Phase fill{pouring, Part::pour, std::nullopt, job(pouring, waiting), {}};
    Phase go_on{pouring, Part::pour, Part::drain, job(pouring, 200), job(pouring, 200 + waiting)};
    go_on.client_job.first_sequence = waiting;
    go_on.reshape = false;
    const auto outcomes = run(transport(), pouring, {fill, go_on});
    ASSERT_EQ(outcomes.size(), 2u) << outcomes[0].client.error;
    expect_right(outcomes[1], go_on);
  }
}

bool lends_pages(const Transport& t, Access) { return t.traits.name.starts_with("vmsplice"); }
INSTANTIATE_TEST_SUITE_P(Transport, LentPages, ::testing::ValuesIn(points(lends_pages)),
                         PointName());

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

TEST(Udp, counts_as_lost_what_the_receiver_had_no_room_for_and_the_kernel_agrees) {
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
