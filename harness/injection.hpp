// A fault that a run asks for, to see what the harness makes of it. Such a run measures nothing:
// its manifest and every record of a stricken launch say so, and analysis refuses it.
#pragma once

#include <string>
#include <string_view>

#include "harness/phase.hpp"

namespace ipcmark {

enum class FaultKind {
  killed,      // SIGKILL
  stopped,     // SIGSTOP
  exits,       // exit(0)
  throws,      // an exception
  segfault,    // SIGSEGV
  slow,        // sleeps past the deadline, then goes on
  wrong_byte,  // one message is not what the others are
  duplicated,  // one message goes out twice
  lost,        // one message never goes out
  reordered,   // two messages change places
};

enum class Target { launch, client, server };

template <>
struct Words<FaultKind> {
  static constexpr WordTable<FaultKind, 10> table{{{FaultKind::killed, "killed"},
                                                   {FaultKind::stopped, "stopped"},
                                                   {FaultKind::exits, "exits"},
                                                   {FaultKind::throws, "throws"},
                                                   {FaultKind::segfault, "segfault"},
                                                   {FaultKind::slow, "slow"},
                                                   {FaultKind::wrong_byte, "wrong_byte"},
                                                   {FaultKind::duplicated, "duplicated"},
                                                   {FaultKind::lost, "lost"},
                                                   {FaultKind::reordered, "reordered"}}};
};
template <>
struct Words<Target> {
  static constexpr WordTable<Target, 3> table{
      {{Target::launch, "launch"}, {Target::client, "client"}, {Target::server, "server"}}};
};

struct Injection {
  Target target = Target::server;
  Phase phase = Phase::measure;
  FaultKind fault = FaultKind::killed;

  bool operator==(const Injection&) const = default;
};

// Whether the fault is one of messages; the others are of the process.
[[nodiscard]] constexpr bool of_messages(FaultKind fault) { return fault >= FaultKind::wrong_byte; }

// "server:measure:lost". Throws std::invalid_argument, one line with what would be valid: the
// launch process has the phases open and close, roles all from meet on; only verify, warm_up,
// measure and close have messages.
[[nodiscard]] Injection parse_injection(std::string_view text);
[[nodiscard]] std::string to_text(const Injection& injection);

}  // namespace ipcmark
