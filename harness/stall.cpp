#include "harness/stall.hpp"

#include <cerrno>

#include "transports/posix.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

std::uint64_t stall_amid(End& end, Step& step, Tally& tally) {
  Job first = step.job;
  first.messages /= 2;
  if (first.messages != 0) end.run(step.part, first, tally);
  step.job.first_sequence += first.messages;
  step.job.messages -= first.messages;
  const std::uint64_t began = ticks::now();
  timespec left = to_timespec(static_cast<std::int64_t>(step.job.stall_ns));
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
  return ticks::now() - began;
}

}  // namespace ipcmark
