// The ways to read the time-stamp counter, from unordered to fully fenced.
#include <benchmark/benchmark.h>
#include <x86intrin.h>

namespace ipcmark::micro {
namespace {

void rdtsc(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(__rdtsc());
}
BENCHMARK(rdtsc);

void rdtscp(benchmark::State& state) {
  unsigned cpu = 0;
  for (auto _ : state) benchmark::DoNotOptimize(__rdtscp(&cpu));
}
BENCHMARK(rdtscp);

void rdtscp_lfence(benchmark::State& state) {
  unsigned cpu = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(__rdtscp(&cpu));
    _mm_lfence();
  }
}
BENCHMARK(rdtscp_lfence);

void pause(benchmark::State& state) {
  for (auto _ : state) _mm_pause();
}
BENCHMARK(pause);

}  // namespace
}  // namespace ipcmark::micro
