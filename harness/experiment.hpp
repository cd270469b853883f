// What an experiment declares, and how its axes become launches. No experiment is named here:
// bench/ does.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case.hpp"
#include "harness/reading.hpp"

namespace ipcmark {

// Axis name (a key of the record's `case`) → its values: canonical in a plan ("65536", "inf",
// "spin"); an experiment's defaults may be as people write them ("1..1Mi").
using Axes = std::map<std::string, std::vector<std::string>, std::less<>>;

// The cases that one launch carries. `mirrored`: neighbours that are compared run A B B A within
// the launch.
struct LaunchPlan {
  std::string experiment;
  std::vector<Case> rungs;
  bool mirrored = false;
  Reading reading = Reading::times;
};

struct Experiment {
  std::string_view name;      // stem of source, command, records, script and figure
  std::string_view question;  // one line
  Axes defaults;              // used for axes that a plan does not set; no transport: all of them
  std::vector<std::string>
      ladder;  // axes that vary inside a launch, outermost first; the rest vary between launches
  bool mirrored = false;
  Reading reading = Reading::times;
  // The experiment whose queue and shm rungs tell T for this one's `auto`; empty: its own do.
  std::string_view learns_from = {};
  // Makes a raw point of the product a case of this experiment (e.g. a ping's reply is as large as
  // its message); false drops the point.
  bool (*complete)(Case&) = nullptr;
};

// Sorted by name. Filled by bench/ through RegisterExperiment.
[[nodiscard]] const std::vector<Experiment>& experiments();
[[nodiscard]] std::vector<std::string> experiment_names();
[[nodiscard]] const Experiment* find_experiment(std::string_view name);
struct RegisterExperiment {
  explicit RegisterExperiment(Experiment experiment);
};

// The product of an experiment's axes (plan over defaults): values that mean nothing for a
// transport are normalised (backing of a pipe is `none`, path of anything but a hybrid is `raw`),
// duplicates are dropped, the ladder axes of each remaining point share a launch. Throws
// std::invalid_argument for a product that is beyond counting.
[[nodiscard]] std::vector<LaunchPlan> expand(const Experiment& experiment, const Axes& plan);

}  // namespace ipcmark
