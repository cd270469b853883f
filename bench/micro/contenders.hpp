// Who takes part in the speed goals: transports as every experiment runs them (through the registry
// and the erased End), the same traffic written by hand, and others' queues.
#pragma once

#include <string_view>

#include "bench/micro/duel.hpp"
#include "transports/transport.hpp"

namespace ipcmark::micro {

// What is done for one operation, alike for both contenders of a pair.
struct Traffic {
  Shape shape{};
  Touch touch = Touch::header;
  std::uint64_t operations = 10'000;
};

[[nodiscard]] Contender round_trips(std::string_view transport, const Traffic& traffic);
[[nodiscard]] Contender stream(std::string_view transport, const Traffic& traffic);

// The loop of `ask` and `answer` as a plain program would write it, with touch header.
[[nodiscard]] Contender ring_round_trips_by_hand(const Traffic& traffic);
[[nodiscard]] Contender pipe_round_trips_by_hand(const Traffic& traffic);  // wait spin

// boost::lockfree::spsc_queue of 64 B or 8 B values in memory shared by the two processes; touch
// header.
[[nodiscard]] bool has_boost();
[[nodiscard]] Contender boost_stream(const Traffic& traffic);

// One process: n reads of the timer and nothing else, or with what is kept of each.
[[nodiscard]] Contender timer(std::uint64_t operations);
[[nodiscard]] Contender timer_stamp_and_record(std::uint64_t operations);
[[nodiscard]] Contender timer_and_record(std::uint64_t operations);

}  // namespace ipcmark::micro
