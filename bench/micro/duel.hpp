// Two contenders in turns, between the same two processes: the only fair comparison on a machine
// whose speed changes within seconds.
//
// A round runs both, in the order AB, BA, BA, AB, ..., about a millisecond each, with a canary (a
// fixed cache-line ping-pong) before, between and after. What a round yields is a pair; a pair
// whose canary moved was measured on two machines, one in which an end was preempted measured the
// scheduler: whoever reads them drops both kinds. Rounds share their memory, and where it lies
// matters (far apart, two lines of one page differ by a tenth): the unit of repetition is the
// launch, with fresh processes and fresh memory.
#pragma once

#include <sched.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "transports/transport.hpp"

namespace ipcmark::micro {

// One side of a comparison. Both functions are called in both processes, each with its own role.
struct Contender {
  std::string name;
  std::uint64_t operations = 0;  // per run
  // Maps and initialises; after the fork, pinned; the client first, the server when it is done.
  std::function<void(Role)> open = [](Role) {};
  // Runs all operations; the ticks they took, from the side that has the clock.
  std::function<std::optional<std::uint64_t>(Role)> run;
};

struct Round {
  double subject_ns;    // per operation
  double reference_ns;  // per operation
  std::array<double, 3> canary_ns;
  std::uint64_t preempted;  // involuntary context switches of both ends while contenders ran
};

struct Pair {
  int client_cpu;
  int server_cpu;
};

// One launch: forks the server, pins both, runs. A warm-up round is not returned. Ends the program
// if the server dies.
[[nodiscard]] std::vector<Round> duel(const Contender& subject, const Contender& reference,
                                      Pair cpus, int rounds);

// The first and the last CPU that this process may use; throws where there is but one.
[[nodiscard]] Pair two_cpus();

// The calling thread, to one CPU.
void pin(int cpu);

// Gives the calling thread its CPUs back at the end of a scope that pins it.
class KeptAffinity {
 public:
  KeptAffinity();
  KeptAffinity(const KeptAffinity&) = delete;
  KeptAffinity& operator=(const KeptAffinity&) = delete;
  ~KeptAffinity();

 private:
  cpu_set_t cpus_;
};

}  // namespace ipcmark::micro
