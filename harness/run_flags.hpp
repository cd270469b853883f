// What the flags of `ipcmark run` mean; options.cpp only finds their texts.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/options.hpp"

namespace ipcmark {

using Texts = std::vector<std::string>;

struct RunTexts {
  Texts experiments, plan, out, resume, like, cpus, allow, inject;
  std::map<std::string_view, Texts> axes, settings;  // by name
  bool dry_run = false;
  bool tune = false;
  Texts flags;  // all that were given, for complaints
};

// Throws UsageError: the flag, the value, the nearest valid word.
[[nodiscard]] RunOptions run_options(const RunTexts& texts);

// The same for `ipcmark doctor`, which asks for CPUs as a run does.
void read_doctor(const RunTexts& texts, const Texts& against, DoctorOptions& doctor);

// Throws UsageError for an empty name of a file or folder, as a script's unset variable gives.
void require_named(std::string_view flag, std::string_view text, std::string_view valid);

// Throws UsageError with the nearest word for one that is not known.
void require_known(std::string_view kind, const std::string& word, const Texts& known);

}  // namespace ipcmark
