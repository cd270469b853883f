#include "bench/micro/goals.hpp"

#include "bench/micro/contenders.hpp"

namespace ipcmark::micro {

namespace {

constexpr std::uint64_t kKi = 1024;

// Operations are chosen so that a run takes about a millisecond: long against the timer, short
// against a scheduler's slice.
Traffic traffic(std::uint64_t bytes, std::uint64_t operations, std::uint32_t batch = 1,
                Access access = Access::copy, Touch touch = Touch::header) {
  return {.shape = {.message_bytes = bytes,
                    .reply_bytes = bytes,
                    .batch = batch,
                    .wait = Wait::spin,
                    .access = access},
          .touch = touch,
          .operations = operations};
}

const Traffic kTrip = traffic(8, 4'000);
const Traffic kPipeTrip = traffic(8, 600);
const Traffic kTiny = traffic(8, 40'000);
const Traffic kSmall = traffic(64, 20'000);
const Traffic kBatched = traffic(64, 64'000, 32, Access::copy, Touch::full);
const Traffic kFlagEach = traffic(64, 32'000, 1, Access::in_place, Touch::full);
const Traffic k2KiB = traffic(2 * kKi, 2'000, 1, Access::in_place, Touch::full);
const Traffic k64KiB = traffic(64 * kKi, 200, 1, Access::in_place, Touch::full);
constexpr std::uint64_t kReads = 20'000;

// The batch of 32 × 64 B as one buffer with one flag; counted per 64 B.
Contender buffers_of_a_batch() {
  Contender stream_of_2_kib = stream("core_stream", k2KiB);
  stream_of_2_kib.operations *= 32;
  return stream_of_2_kib;
}

std::vector<Goal> boost_goals() {
  if (!has_boost()) return {};
  return {{"64 B stream over boost's spsc_queue", Measure::rate_ratio, 1.0,
           [] { return stream("shm_ring", kSmall); }, [] { return boost_stream(kSmall); }},
          {"8 B stream over boost's spsc_queue", Measure::rate_ratio, std::nullopt,
           [] { return stream("shm_ring", kTiny); }, [] { return boost_stream(kTiny); }}};
}

}  // namespace

std::vector<Goal> goals() {
  std::vector<Goal> all{
      {"pattern over a hand-written loop, shm_ring", Measure::time_ratio, 1.02,
       [] { return round_trips("shm_ring", kTrip); },
       [] { return ring_round_trips_by_hand(kTrip); }},
      {"pattern over a hand-written loop, pipe", Measure::time_ratio, 1.02,
       [] { return round_trips("pipe", kPipeTrip); },
       [] { return pipe_round_trips_by_hand(kPipeTrip); }},
      {"a hand-written loop over itself, pipe", Measure::time_ratio, std::nullopt,
       [] { return pipe_round_trips_by_hand(kPipeTrip); },
       [] { return pipe_round_trips_by_hand(kPipeTrip); }},
      {"8 B round trip over the bare hand-off", Measure::time_ratio, 1.10,
       [] { return round_trips("shm_ring", kTrip); },
       [] { return round_trips("cache_line", kTrip); }},
      {"the bare hand-off over itself", Measure::time_ratio, std::nullopt,
       [] { return round_trips("cache_line", kTrip); },
       [] { return round_trips("cache_line", kTrip); }},
      {"64 B in batches of 32 over the bare stream", Measure::rate_ratio, 0.8,
       [] { return stream("shm_ring", kBatched); },
       [] { return stream("core_stream", kFlagEach); }},
      {"64 B in batches of 32 over 2 KiB buffers", Measure::rate_ratio, std::nullopt,
       [] { return stream("shm_ring", kBatched); }, buffers_of_a_batch},
      {"64 KiB in place over the bare stream", Measure::rate_ratio, 0.9,
       [] { return stream("shm_ring", k64KiB); }, [] { return stream("core_stream", k64KiB); }},
      {"a sample, stamped and later recorded", Measure::added_ns, 5.0,
       [] { return timer_stamp_and_record(kReads); }, [] { return timer(kReads); }},
      {"a sample, recorded between two messages", Measure::added_ns, std::nullopt,
       [] { return timer_and_record(kReads); }, [] { return timer(kReads); }},
  };
  for (auto& goal : boost_goals()) all.push_back(std::move(goal));
  return all;
}

}  // namespace ipcmark::micro
