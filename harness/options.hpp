// The command line, read: what is to be done, before any of it is.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/plan.hpp"

namespace ipcmark {

enum class Command { help, version, list, run, doctor, clean, advise, launch, probe_plugin };

struct RunOptions {
  std::vector<std::string> experiments;  // sorted names; empty: those of the plan
  std::string plan = "quick";            // a shipped plan's name or a file
  Axes overrides;                        // canonical
  std::vector<std::pair<std::string, std::string>> settings;  // of [run], checked, in table order
  std::vector<int> cpus;
  std::vector<std::string> allow;
  std::string out;     // folder of the run; empty: one under results/
  std::string resume;  // a partial run to go on with
  std::string like;    // a run whose plan to repeat
  std::vector<Injection> inject;
  bool dry_run = false;
  bool tune = false;
};

struct DoctorOptions {
  bool restore = false;   // put changed knobs back, and nothing else
  std::string against;    // a run: would one of now compare with it
  std::vector<int> cpus;  // those a run is to use
};

struct Options {
  Command command = Command::help;
  std::string text;  // help: what to print
  bool json = false;
  bool quiet = false;
  // list: transports, experiments, placements; never empty. advise: the script's arguments.
  std::vector<std::string> what;
  int control_fd = -1;  // launch, probe_plugin
  RunOptions run;
  DoctorOptions doctor;
  std::vector<std::string> argv;
};

// Throws UsageError, one line with the nearest valid word, for what it does not know.
[[nodiscard]] Options parse_options(int argc, const char* const* argv);

}  // namespace ipcmark
