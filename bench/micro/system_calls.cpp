// The system calls that mechanisms are made of, where nobody waits: the price of entering the
// kernel and of the least that each does there.
#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transports/posix.hpp"

namespace ipcmark::micro {
namespace {

void null_system_call(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(::syscall(SYS_getppid));
}
BENCHMARK(null_system_call);

void yield(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(::sched_yield());
}
BENCHMARK(yield);

// To itself: both system calls and both copies of a pipe's message, but no wake-up.
void pipe_write_and_read(benchmark::State& state) {
  int fds[2];
  check(::pipe2(fds, O_CLOEXEC), "pipe2");
  const Fd in(fds[0]), out(fds[1]);
  char byte = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(::write(out.get(), &byte, 1));
    benchmark::DoNotOptimize(::read(in.get(), &byte, 1));
  }
}
BENCHMARK(pipe_write_and_read);

void eventfd_write_and_read(benchmark::State& state) {
  const Fd fd(check(::eventfd(0, EFD_CLOEXEC), "eventfd"));
  std::uint64_t count = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(::write(fd.get(), &count, sizeof count));
    benchmark::DoNotOptimize(::read(fd.get(), &count, sizeof count));
  }
}
BENCHMARK(eventfd_write_and_read);

void futex_wake_nobody(benchmark::State& state) {
  std::uint32_t word = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0));
  }
}
BENCHMARK(futex_wake_nobody);

void futex_wait_for_another_value(benchmark::State& state) {
  std::uint32_t word = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(::syscall(SYS_futex, &word, FUTEX_WAIT, 1, nullptr, nullptr, 0));
  }
}
BENCHMARK(futex_wait_for_another_value);

void ppoll_one_ready(benchmark::State& state) {
  const Fd fd(check(::eventfd(1, EFD_CLOEXEC), "eventfd"));
  pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
  for (auto _ : state) benchmark::DoNotOptimize(::ppoll(&ready, 1, nullptr, nullptr));
}
BENCHMARK(ppoll_one_ready);

}  // namespace
}  // namespace ipcmark::micro
