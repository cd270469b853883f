// A channel between two real processes: the client is the test itself, the server a child that dies
// with it. They meet over a control socket, never over what is tested.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "transports/registry.hpp"

namespace ipcmark::conformance {

// One rung: both ends take the shape, then run their parts; without a part an end waits.
struct Phase {
  Shape shape;
  std::optional<Part> client, server;
  Job client_job, server_job;
  bool reshape = true;
};

// What an end reports of a phase. `error` is empty when all went well.
struct Outcome {
  std::uint64_t messages = 0;
  std::uint64_t wrong = 0;
  std::uint64_t lost = 0;
  std::uint64_t drops = 0;  // of the end, since it was opened
  std::int64_t earliest_ns = std::numeric_limits<std::int64_t>::max();  // expire only
  char error[200] = {};
};

struct Outcomes {
  Outcome client, server;
};

enum class Keep { channel, nothing };

// Runs the phases in order, as far as there is no error. With Keep::nothing neither process holds
// the channel once it has its end, so that a stream sees its peer's closing.
std::vector<Outcomes> run(const Transport& transport, const Shape& widest,
                          const std::vector<Phase>& phases, Keep keep = Keep::channel);

// The same between two threads of this process, of which both hold the channel.
std::vector<Outcomes> run_as_threads(const Transport& transport, const Shape& widest,
                                     const std::vector<Phase>& phases);

[[nodiscard]] std::size_t usable_cpus();

}  // namespace ipcmark::conformance
