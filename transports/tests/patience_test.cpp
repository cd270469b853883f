// When an end tries and when it waits, seen by counting its calls.
#include "transports/patience.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace ipcmark {
namespace {

struct CountedCalls : FileCalls {
  static inline int reads = 0, writes = 0;
  static ssize_t write(int fd, std::span<const std::byte> from) {
    ++writes;
    return FileCalls::write(fd, from);
  }
  static ssize_t read(int fd, std::span<std::byte> to) {
    ++reads;
    return FileCalls::read(fd, to);
  }
};

// An end that reads what it writes.
template <Wait W>
StreamEnd<CountedCalls> looped_end() {
  int fds[2];
  check(::pipe2(fds, O_CLOEXEC), "pipe2");
  CountedCalls::reads = CountedCalls::writes = 0;
  return {Fd(fds[0]), Fd(fds[1]), {.wait = W}};
}

template <Wait W>
int reads_of_an_empty_channel() {
  auto end = looped_end<W>();
  std::byte byte{};
  EXPECT_EQ(end.recv_until({&byte, 1}, deadline_in(2'000'000)), 0u);
  return CountedCalls::reads;
}

TEST(patience, a_readiness_loop_reads_only_what_it_was_told_of) {
  try {
    require_epoll_pwait2();
  } catch (const Unavailable& reason) {
    GTEST_SKIP() << reason.what();
  }
  EXPECT_EQ(reads_of_an_empty_channel<Wait::poll>(), 0);
  EXPECT_EQ(reads_of_an_empty_channel<Wait::epoll>(), 0);
  EXPECT_GT(reads_of_an_empty_channel<Wait::spin>(), 1);
}

template <Wait W>
void writes_first_then_reads_once() {
  auto end = looped_end<W>();
  std::byte byte{7};
  end.send({&byte, 1});
  EXPECT_EQ(CountedCalls::writes, 1);
  std::byte got{};
  EXPECT_EQ(end.recv({&got, 1}), 1u);
  EXPECT_EQ(got, byte);
  EXPECT_EQ(CountedCalls::reads, 1);
}

TEST(patience, a_writer_tries_first_and_what_lies_there_is_read_once) {
  writes_first_then_reads_once<Wait::poll>();
  writes_first_then_reads_once<Wait::epoll>();
}

TEST(patience, a_writer_waits_for_room_and_sends_the_rest) {
  auto end = looped_end<Wait::epoll>();
  const std::vector<std::byte> most(2 * 65536);  // twice what a pipe holds
  std::thread reader([fd = end.descriptor()] {
    std::vector<std::byte> into(65536);
    for (std::size_t got = 0; got < 2 * into.size();) {
      pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, -1);
      const ssize_t n = ::read(fd, into.data(), into.size());
      if (n > 0) got += static_cast<std::size_t>(n);
    }
  });
  end.send(most);
  reader.join();
  EXPECT_GT(CountedCalls::writes, 1);
}

bool waits(const char* name, Wait wait) {
  return std::ranges::count(find_transport(name)->waits, wait) == 1;
}

TEST(patience, only_ends_on_descriptors_wait_by_readiness) {
  for (const Wait wait : {Wait::poll, Wait::epoll}) {
    for (const char* name :
         {"pipe", "fifo", "unix_stream", "unix_seqpacket", "unix_dgram", "tcp", "posix_mq"}) {
      EXPECT_TRUE(waits(name, wait)) << name;
    }
    for (const char* name : {"sysv_mq", "shm_ring", "hybrid_pipe", "cache_line", "null"}) {
      EXPECT_FALSE(waits(name, wait)) << name;
    }
  }
}

}  // namespace
}  // namespace ipcmark
