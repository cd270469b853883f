// The ways to read the virtual counter, from unordered to fully fenced.
#include <benchmark/benchmark.h>

#include <cstdint>

namespace ipcmark::micro {
namespace {

void cntvct(benchmark::State& state) {
  std::uint64_t ticks = 0;
  for (auto _ : state) {
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    benchmark::DoNotOptimize(ticks);
  }
}
BENCHMARK(cntvct);

// The read waits for what is before it.
void isb_cntvct(benchmark::State& state) {
  std::uint64_t ticks = 0;
  for (auto _ : state) {
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
    benchmark::DoNotOptimize(ticks);
  }
}
BENCHMARK(isb_cntvct);

// And what is after it waits for the read: ticks::now.
void isb_cntvct_isb(benchmark::State& state) {
  std::uint64_t ticks = 0;
  for (auto _ : state) {
    asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks)::"memory");
    benchmark::DoNotOptimize(ticks);
  }
}
BENCHMARK(isb_cntvct_isb);

// What a loop may say to a core that shares its pipeline.
void yield(benchmark::State& state) {
  for (auto _ : state) asm volatile("yield" ::: "memory");
}
BENCHMARK(yield);

}  // namespace
}  // namespace ipcmark::micro
