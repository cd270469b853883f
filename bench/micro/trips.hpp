// Round trips of one transport between two pinned processes, timed as a whole: what other people's
// ping-pong programs print, so that analysis/speed.py can set ours beside theirs.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "transports/transport.hpp"

namespace ipcmark::micro {

struct TripOptions {
  std::string transport = "pipe";
  Wait wait = Wait::block;
  std::uint64_t message_bytes = 4;
  std::uint64_t count = 20'000;
  std::vector<int> cpus;  // the client's, the server's; may be one and the same
};

void add_options(CLI::App& app, TripOptions& options);
// Prints one JSON line.
void run_trips(const TripOptions& options);

}  // namespace ipcmark::micro
