// What touching a payload costs: it must run at memory speed, or it is what a stream measures.
#include "transports/keystream.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace ipcmark::micro {
namespace {

std::vector<std::byte> payload(const benchmark::State& state) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)));
  keystream::fill(bytes, keystream::key(1));
  return bytes;
}

void keystream_fill(benchmark::State& state) {
  auto bytes = payload(state);
  std::uint64_t sequence = 0;
  for (auto _ : state) {
    keystream::fill(bytes, keystream::key(sequence++));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(keystream_fill)->RangeMultiplier(8)->Range(8, 16 << 20);

void keystream_sum(benchmark::State& state) {
  const auto bytes = payload(state);
  for (auto _ : state) {
    bool right = keystream::sum_matches(bytes, keystream::key(1));
    benchmark::DoNotOptimize(right);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(keystream_sum)->RangeMultiplier(8)->Range(8, 16 << 20);

void keystream_compare_every_byte(benchmark::State& state) {
  const auto bytes = payload(state);
  for (auto _ : state) {
    std::size_t at = keystream::first_mismatch(bytes, keystream::key(1));
    benchmark::DoNotOptimize(at);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(keystream_compare_every_byte)->RangeMultiplier(64)->Range(64, 256 << 10);

}  // namespace
}  // namespace ipcmark::micro
