// Messages of many sizes through one channel: each arrives whole, as one message, in its turn, with
// nobody telling the receiver how long the next will be.
#include <numeric>

#include "transports/tests/conformance.hpp"

namespace ipcmark::conformance {
namespace {

class Mixture : public Conformance {};

TEST_P(Mixture, of_sizes_arrives_whole_and_in_order) {
  // One byte, below and at a word, across a line, a page, and the widest between small ones.
  const std::vector<std::uint32_t> few{1, 4096, 7, 8, 65, 4095, 2, 1000, 4096, 4096, 1, 3000};
  std::vector<std::uint32_t> sizes;
  for (int turn = 0; turn < 20; ++turn) sizes.insert(sizes.end(), few.begin(), few.end());
  const std::vector<std::uint64_t> due(sizes.size());
  const auto most = static_cast<std::uint32_t>(at_most(4096));
  for (std::uint32_t& bytes : sizes) bytes = std::min(bytes, most);
  for (const auto& thresholds : threshold_pairs()) {
    const Shape mixed = with_thresholds(shape(most, 8), thresholds);
    if (!refusal(mixed).empty()) GTEST_SKIP() << refusal(mixed);
    Job job = Conformance::job(mixed, sizes.size());
    job.mixed = true, job.sizes = sizes, job.intended = due;
    run_all_right(mixed, {{mixed, Part::pace, Part::absorb, job, job}});
  }
}

bool tells_lengths(const Transport& t, Access access) {
  const Traits& traits = t.traits;
  return access == Access::copy && (traits.boundaries || traits.has_threshold) && !traits.lossy &&
         !traits.one_in_flight && traits.carries_payload;
}
INSTANTIATE_TEST_SUITE_P(Transport, Mixture, ::testing::ValuesIn(points(tells_lengths)),
                         PointName());

}  // namespace
}  // namespace ipcmark::conformance
