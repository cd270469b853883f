// memcpy by size, warm: the roofline that no mechanism which copies can pass. And the hole in it:
// on some CPUs (Zen 3 and 4, glibc bug 30994) `rep movsb` falls to a twentieth of its speed when
// the target lies less than a line behind the source, counted within a page. The kernel copies to
// and from users with the same instruction.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace ipcmark::micro {
namespace {

constexpr std::size_t kPage = 4096;

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

// On a page, with room to start a little behind it.
std::unique_ptr<std::byte, Free> pages(std::size_t bytes) {
  const std::size_t whole = (bytes + 2 * kPage - 1) / kPage * kPage;
  std::unique_ptr<std::byte, Free> memory(
      static_cast<std::byte*>(std::aligned_alloc(kPage, whole)));
  std::memset(memory.get(), 1, whole);
  return memory;
}

void copy_behind(benchmark::State& state, std::size_t behind) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto from = pages(bytes), to = pages(bytes);
  for (auto _ : state) {
    std::memcpy(to.get() + behind, from.get(), bytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void copy(benchmark::State& state) { copy_behind(state, 0); }
BENCHMARK(copy)->RangeMultiplier(4)->Range(64, 64 << 20);

void copy_to_8_bytes_behind(benchmark::State& state) { copy_behind(state, 8); }
BENCHMARK(copy_to_8_bytes_behind)->RangeMultiplier(4)->Range(1 << 10, 1 << 20);

}  // namespace
}  // namespace ipcmark::micro
