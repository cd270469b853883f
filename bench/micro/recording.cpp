// What keeping a sample costs, without the timer: the histogram, and the plain store of a stamp.
#include <benchmark/benchmark.h>

#include <vector>

#include "harness/histogram.hpp"

namespace ipcmark::micro {
namespace {

std::uint64_t scattered(std::uint64_t i) { return 100 + (i * 0x9E3779B97F4A7C15 >> 54); }

void histogram_record(benchmark::State& state) {
  Histogram histogram;
  std::uint64_t i = 0;
  for (auto _ : state) {
    histogram.record(scattered(i++));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_record);

void stamp_store(benchmark::State& state) {
  std::vector<std::uint64_t> stamps(1 << 16);
  std::uint64_t i = 0;
  for (auto _ : state) {
    stamps[i & (stamps.size() - 1)] = scattered(i);
    ++i;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(stamp_store);

}  // namespace
}  // namespace ipcmark::micro
