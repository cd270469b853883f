// What a launch goes through, by name: deadlines, reasons and injected faults speak of these.
#pragma once

#include <cstdint>

#include "harness/words.hpp"

namespace ipcmark {

enum class Phase : std::uint32_t {
  start,      // a fresh program reads its orders
  open,       // the launch opens the channel
  meet,       // roles bind themselves and make their ends
  reshape,    // ends take the rung's shape and touch its memory
  canary,     // the bare hand-off beside a case
  calibrate,  // an injected chain is timed
  verify,     // every byte is compared, then the probe
  warm_up,
  measure,
  close,  // every byte is compared once more, and the roles leave
};

template <>
struct Words<Phase> {
  static constexpr WordTable<Phase, 10> table{{{Phase::start, "start"},
                                               {Phase::open, "open"},
                                               {Phase::meet, "meet"},
                                               {Phase::reshape, "reshape"},
                                               {Phase::canary, "canary"},
                                               {Phase::calibrate, "calibrate"},
                                               {Phase::verify, "verify"},
                                               {Phase::warm_up, "warm_up"},
                                               {Phase::measure, "measure"},
                                               {Phase::close, "close"}}};
};

}  // namespace ipcmark
