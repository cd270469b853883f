// Launches that are over soon, for tests that run real ones.
#pragma once

#include <dirent.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/launch.hpp"

namespace ipcmark {

inline constexpr std::int64_t kDeadlineNs = 20'000'000'000;
inline constexpr std::uint64_t kPhaseDeadlineNs = 300'000'000;

inline LaunchSpec spec_of(std::vector<Case> rungs) {
  LaunchSpec spec;
  spec.launch_id = "b000-l0000";
  spec.experiment = "test";
  spec.prefix = "ipcmark-test";
  spec.seed = 7;
  spec.rungs = std::move(rungs);
  spec.server_cpu = ::sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0;
  spec.settings.warm_up_ns = 1'000'000;
  spec.settings.warm_up_messages = 100;
  spec.settings.measure_ns = 1'000'000;
  spec.settings.operations_ns = 1'000'000;
  spec.settings.phase_deadline_ns = kPhaseDeadlineNs;
  return spec;
}

inline Case pings(std::string transport, std::uint64_t bytes = 64) {
  Case point;
  point.transport = std::move(transport);
  point.message_bytes = point.reply_bytes = bytes;
  return point;
}

// Processes that are our children or theirs: none may be left when a launch is over.
inline int children_of_ours() {
  int found = 0;
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    std::ifstream stat(std::string("/proc/") + entry->d_name + "/stat");
    std::string pid, name, state, parent;
    if (stat >> pid >> name >> state >> parent && parent == std::to_string(::getpid())) ++found;
  }
  ::closedir(proc);
  return found;
}

}  // namespace ipcmark
