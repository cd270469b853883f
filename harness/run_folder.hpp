// The folder of a run: grows as NAME.partial, gets its name when complete, and is never
// overwritten.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ipcmark {

// The folder of the partial run that `given` names: with ".partial" or without, here or under
// results/. Throws UsageError with what is there instead: a complete run, nothing measured,
// nothing.
[[nodiscard]] std::filesystem::path partial_run(const std::filesystem::path& given);

class RunFolder {
 public:
  // A new folder; throws UsageError when there is one of that name, unless nothing was measured in
  // it: the beginning of a run that was killed before its manifest makes room.
  [[nodiscard]] static RunFolder create(const std::filesystem::path& path);
  // One that was left partial; a line that was cut off while it was written is dropped, and so is a
  // launch of which not every record was kept. Throws UsageError as partial_run does.
  [[nodiscard]] static RunFolder reopen(const std::filesystem::path& path);

  // Appends to <experiment>.jsonl and flushes; throws std::system_error (ENOSPC, …) with what is
  // written intact.
  void append(const std::string& experiment, const std::vector<nlohmann::json>& records);
  // Replaces a file in one step.
  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] nlohmann::json read(const std::string& name) const;
  // The manifest of a run to be gone on with; UsageError names what in it is not as it was written.
  [[nodiscard]] nlohmann::json manifest() const;
  // Launch id → its records, of every experiment.
  [[nodiscard]] std::map<std::string, std::vector<nlohmann::json>> launches() const;
  // Renames to the final name and packs large files of records. Returns what could not be packed
  // and why, a line each; it is then plain, as before.
  [[nodiscard]] std::vector<std::string> complete();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string name() const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace ipcmark
