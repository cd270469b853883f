// The loops under which queues of this process are measured; a queue has push and pop, which may
// wait or fail.
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include "bench/micro/duel.hpp"

namespace ipcmark::micro {

template <class Queue, std::size_t kBytes>
void one_thread(benchmark::State& state) {
  const auto queue = std::make_unique<Queue>();
  std::array<std::byte, kBytes> message{};
  for (auto _ : state) {
    queue->push(message);
    queue->pop(message);
    benchmark::DoNotOptimize(message);
  }
}

// The consumer is timed; the producer never stops before it.
template <class Queue, std::size_t kBytes>
void two_threads(benchmark::State& state) {
  const auto queue = std::make_unique<Queue>();
  const Pair cpus = two_cpus();
  constexpr std::int64_t kAtOnce = 1 << 14;
  std::atomic<std::int64_t> wanted{0};
  std::thread producer([&] {
    pin(cpus.server_cpu);
    std::array<std::byte, kBytes> message{};
    for (std::int64_t sent = 0;;) {
      const auto until = wanted.load(std::memory_order_acquire);
      if (until < 0) return;
      for (; sent < until; ++sent) {
        while (!queue->push(message)) {
        }
      }
    }
  });
  const KeptAffinity kept;
  pin(cpus.client_cpu);
  std::array<std::byte, kBytes> message{};
  std::int64_t asked = 0;
  for (auto _ : state) {
    wanted.store(asked += kAtOnce, std::memory_order_release);
    for (std::int64_t i = 0; i < kAtOnce; ++i) {
      while (!queue->pop(message)) {
      }
      benchmark::DoNotOptimize(message);
    }
  }
  wanted.store(-1, std::memory_order_release);
  producer.join();
  state.SetItemsProcessed(state.iterations() * kAtOnce);
}

}  // namespace ipcmark::micro
