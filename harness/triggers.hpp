// What makes one CPU interrupt another because of memory: one operation each, and what it leaves to
// be touched again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/case.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

// What a case's trigger strikes; 0 where it is nothing.
[[nodiscard]] std::size_t struck_bytes(const Case& point);

// The sacrificial memory of a launch's rungs, never that of a channel or of a timer: a memfd, or a
// file where it has to be written back. Throws Unavailable with the knob that would allow it.
[[nodiscard]] Fd sacrificial_memory(const std::vector<Case>& rungs, const std::string& prefix);

// Why this machine has no such trigger; empty where it has. Tries nothing that stays.
[[nodiscard]] std::string trigger_refusal(const Case& point);

// Whether the operation strikes the mappings of the peer, which has to touch its pages again.
[[nodiscard]] bool strikes_peer(Trigger trigger);

// In the initiator.
class Blow {
 public:
  Blow() = default;
  Blow(const Blow&) = delete;
  Blow& operator=(const Blow&) = delete;
  virtual ~Blow() = default;
  virtual void strike() = 0;
  // Brings back what the initiator itself lost: not part of the blow.
  virtual void mend() {}
};

[[nodiscard]] std::unique_ptr<Blow> blow_of(const Case& point, const Fd& memory);
// In the victim, before it is struck.
void expect_blows(const Case& point);

}  // namespace ipcmark
