// `ipcmark run --tune`: knobs set for the time of a run, never implicitly.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/knob_journal.hpp"

namespace ipcmark {

// What tuning does to one file, or why it leaves it alone.
struct KnobChange {
  std::string knob;        // its name among the facts
  std::string file;        // absolute, below the root; empty where there is no such file
  std::string from, to;    // as the kernel writes them
  std::string left;        // why it is left as it is; empty: it is set
  bool only_kept = false;  // moved by the kernel along with another: only put back
};

// What tuning would do here, in the order in which it would. Changes nothing.
[[nodiscard]] std::vector<KnobChange> plan_tuning(const std::filesystem::path& root = "/");

// {"set": [{knob, from, to, files}], "left": [{knob, why, files}]}: `files` counts those of a
// per-CPU knob.
[[nodiscard]] nlohmann::json to_json(const std::vector<KnobChange>& changes);
// The same for people, a line each: "governor powersave -> performance (8 files)".
[[nodiscard]] std::vector<std::string> tuning_lines(const nlohmann::json& tuning);

// Sets what can be set, and puts it back when it goes; after a crash or kill -9 the journal tells
// restore_knobs what to put back. One knob that cannot be set leaves the others to be set.
class Tuning {
 public:
  // Throws std::system_error as KnobJournal does: nothing is changed without a journal.
  explicit Tuning(const std::filesystem::path& journal, std::filesystem::path root = "/");

  // What was done, with the kernel's own answer where it refused.
  [[nodiscard]] const std::vector<KnobChange>& changes() const { return changes_; }

 private:
  // Why it could not be set, or empty.
  [[nodiscard]] std::string set(const KnobChange& change, const std::filesystem::path& file);

  KnobJournal journal_;
  std::vector<KnobChange> changes_;
};

}  // namespace ipcmark
