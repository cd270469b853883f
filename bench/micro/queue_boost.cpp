// boost::lockfree::spsc_queue under the loops of ring.cpp.
#include <benchmark/benchmark.h>

#include <boost/lockfree/spsc_queue.hpp>

#include "bench/micro/two_threads.hpp"
#include "transports/ring_layout.hpp"

namespace ipcmark::micro {
namespace {

template <std::size_t kBytes>
using Queue = boost::lockfree::spsc_queue<std::array<std::byte, kBytes>,
                                          boost::lockfree::capacity<RingLayout::kMostSlots>>;

BENCHMARK(one_thread<Queue<8>, 8>)->Name("boost_one_thread/8");
BENCHMARK(one_thread<Queue<64>, 64>)->Name("boost_one_thread/64");
BENCHMARK(two_threads<Queue<8>, 8>)->Name("boost_two_threads/8")->UseRealTime();
BENCHMARK(two_threads<Queue<64>, 64>)->Name("boost_two_threads/64")->UseRealTime();

}  // namespace
}  // namespace ipcmark::micro
