// A message into the ring and out of it: by one thread (its instructions alone) and across two
// pinned threads (its cache lines too). queue.cpp has the same for boost's queue. Across processes
// and in turns, which is the only fair comparison, ipcmark_speed does it.
#include "transports/ring.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "bench/micro/two_threads.hpp"

namespace ipcmark::micro {
namespace {

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

template <std::size_t kBytes>
class Ring {
 public:
  Ring() { view_.initialise(); }
  bool push(const std::array<std::byte, kBytes>& message) {
    out_.send(message);
    return true;
  }
  bool pop(std::array<std::byte, kBytes>& message) { return in_.recv(message) == kBytes; }

 private:
  RingLayout layout_{kBytes, Shape{}};
  std::unique_ptr<std::byte, Free> memory_{
      static_cast<std::byte*>(std::aligned_alloc(4096, layout_.bytes))};
  RingView view_{memory_.get(), layout_};
  RingProducer<Bells<Wait::spin>> out_{view_, 0};
  RingConsumer<Bells<Wait::spin>> in_{view_, 0};
};

BENCHMARK(one_thread<Ring<8>, 8>)->Name("ring_one_thread/8");
BENCHMARK(one_thread<Ring<64>, 64>)->Name("ring_one_thread/64");
BENCHMARK(two_threads<Ring<8>, 8>)->Name("ring_two_threads/8")->UseRealTime();
BENCHMARK(two_threads<Ring<64>, 64>)->Name("ring_two_threads/64")->UseRealTime();

}  // namespace
}  // namespace ipcmark::micro
