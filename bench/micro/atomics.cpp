// What publishing costs on a line that this core owns: the order of a store, and the fences.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>

namespace ipcmark::micro {
namespace {

template <std::memory_order kOrder>
void store(benchmark::State& state) {
  std::atomic<std::uint64_t> word{0};
  std::uint64_t next = 0;
  for (auto _ : state) {
    word.store(++next, kOrder);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(store<std::memory_order_relaxed>);
BENCHMARK(store<std::memory_order_release>);
BENCHMARK(store<std::memory_order_seq_cst>);

void load_acquire(benchmark::State& state) {
  std::atomic<std::uint64_t> word{0};
  for (auto _ : state) benchmark::DoNotOptimize(word.load(std::memory_order_acquire));
}
BENCHMARK(load_acquire);

void exchange(benchmark::State& state) {
  std::atomic<std::uint64_t> word{0};
  for (auto _ : state) benchmark::DoNotOptimize(word.exchange(1, std::memory_order_acq_rel));
}
BENCHMARK(exchange);

void compare_exchange(benchmark::State& state) {
  std::atomic<std::uint64_t> word{0};
  std::uint64_t expected = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        word.compare_exchange_strong(expected, expected + 1, std::memory_order_acq_rel));
  }
}
BENCHMARK(compare_exchange);

void fetch_add(benchmark::State& state) {
  std::atomic<std::uint64_t> word{0};
  for (auto _ : state) benchmark::DoNotOptimize(word.fetch_add(1, std::memory_order_relaxed));
}
BENCHMARK(fetch_add);

void fence_seq_cst(benchmark::State& state) {
  for (auto _ : state) std::atomic_thread_fence(std::memory_order_seq_cst);
}
BENCHMARK(fence_seq_cst);

}  // namespace
}  // namespace ipcmark::micro
