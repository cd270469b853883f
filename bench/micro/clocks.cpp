// What a look at a clock costs: every sample of every experiment contains one.
#include <benchmark/benchmark.h>
#include <time.h>

#include "transports/ticks.hpp"

namespace ipcmark::micro {
namespace {

void ticks_now(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ticks::now());
}
BENCHMARK(ticks_now);

template <clockid_t kClock>
void gettime(benchmark::State& state) {
  timespec now{};
  for (auto _ : state) benchmark::DoNotOptimize(::clock_gettime(kClock, &now));
}
BENCHMARK(gettime<CLOCK_MONOTONIC>);
BENCHMARK(gettime<CLOCK_MONOTONIC_RAW>);
BENCHMARK(gettime<CLOCK_MONOTONIC_COARSE>);
BENCHMARK(gettime<CLOCK_REALTIME>);
BENCHMARK(gettime<CLOCK_PROCESS_CPUTIME_ID>);
BENCHMARK(gettime<CLOCK_THREAD_CPUTIME_ID>);

}  // namespace
}  // namespace ipcmark::micro
