#include "harness/tuning.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/tunable.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// For the journal: a command that puts back what a killed run left holds it for milliseconds.
constexpr std::chrono::seconds kJournalPatience{1};

// The folders of CPUs, in the order of their numbers.
std::vector<std::string> cpu_folders(const fs::path& root) {
  std::vector<std::pair<int, std::string>> found;
  const fs::path prefix(kCpuFolder);
  std::error_code unreadable;  // then there are none
  for (const auto& entry : fs::directory_iterator(root / prefix.parent_path(), unreadable)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("cpu") || name.size() == 3) continue;
    if (name.find_first_not_of("0123456789", 3) != name.npos) continue;
    found.emplace_back(std::stoi(name.substr(3)), (prefix.parent_path() / name).string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> folders;
  for (auto& [number, folder] : found) folders.push_back(std::move(folder));
  return folders;
}

// An empty `left` where the file is there, ours to write and not yet what it is to be.
// `shown` is how its name is told.
KnobChange plan_file(const Tunable& knob, const std::string& path, const fs::path& root,
                     const std::string& shown) {
  KnobChange change{.knob = std::string(knob.name),
                    .file = '/' + path,
                    .from = {},
                    .to = std::string(knob.to),
                    .left = {},
                    .only_kept = knob.only_kept};
  if (::access((root / path).c_str(), R_OK | W_OK) != 0) {
    change.left = fmt::format("/{}: {}", shown, std::strerror(errno));
    return change;
  }
  const auto value = knob_value(root / path);
  if (!value) {
    change.left = fmt::format("/{} cannot be read", shown);
  } else if (*value == knob.to) {
    change.left = fmt::format("is {} already", *value);
  }
  change.from = value.value_or("");
  return change;
}

void plan_per_cpu(const Tunable& knob, std::string_view path, const fs::path& root,
                  std::vector<KnobChange>& changes) {
  const std::size_t before = changes.size();
  const std::string shown = fmt::format("{}*/{}", kCpuFolder, path);
  std::error_code none;
  for (const std::string& cpu : cpu_folders(root)) {
    const std::string file = fmt::format("{}/{}", cpu, path);
    if (fs::exists(root / file, none)) changes.push_back(plan_file(knob, file, root, shown));
  }
  if (changes.size() != before) return;
  KnobChange missing{.knob = std::string(knob.name), .file = {}, .from = {}, .to = {}, .left = {}};
  missing.left = fmt::format("/{}: {}", shown, std::strerror(ENOENT));
  missing.only_kept = knob.only_kept;
  changes.push_back(std::move(missing));
}

// Equal ones of several CPUs are told once.
void add_to(json& list, json entry) {
  for (json& known : list) {
    entry["files"] = known["files"];
    if (known != entry) continue;
    known["files"] = known["files"].get<int>() + 1;
    return;
  }
  entry["files"] = 1;
  list.push_back(std::move(entry));
}

}  // namespace

std::vector<KnobChange> plan_tuning(const fs::path& root) {
  std::vector<KnobChange> changes;
  for (const Tunable& knob : kTunable) {
    const std::string path(path_in(kKnobs, knob.name));
    if (path.empty()) {
      plan_per_cpu(knob, path_in(kCpuKnobs, knob.name), root, changes);
    } else {
      changes.push_back(plan_file(knob, path, root, path));
    }
  }
  return changes;
}

json to_json(const std::vector<KnobChange>& changes) {
  json set = json::array(), left = json::array();
  for (const KnobChange& change : changes) {
    if (change.only_kept) continue;
    if (change.left.empty()) {
      add_to(set, {{"knob", change.knob}, {"from", change.from}, {"to", change.to}});
    } else {
      add_to(left, {{"knob", change.knob}, {"why", change.left}});
    }
  }
  return {{"set", std::move(set)}, {"left", std::move(left)}};
}

std::vector<std::string> tuning_lines(const json& tuning) {
  const auto files = [](const json& entry) {
    const int n = entry["files"];
    return n == 1 ? std::string() : fmt::format(" ({} CPUs)", n);
  };
  std::vector<std::string> lines;
  for (const json& entry : tuning["set"]) {
    lines.push_back(fmt::format("{} {} -> {}{}", entry["knob"].get<std::string>(),
                                entry["from"].get<std::string>(), entry["to"].get<std::string>(),
                                files(entry)));
  }
  for (const json& entry : tuning["left"]) {
    lines.push_back(fmt::format("{} left: {}{}", entry["knob"].get<std::string>(),
                                entry["why"].get<std::string>(), files(entry)));
  }
  return lines;
}

Tuning::Tuning(const fs::path& journal, fs::path root)
    : journal_(journal, root, kJournalPatience), changes_(plan_tuning(root)) {
  for (KnobChange& change : changes_) {
    if (!change.left.empty()) continue;
    if (change.only_kept) {
      journal_.keep(change.file, change.from);
    } else {
      change.left = set(change, root / change.file.substr(1));
    }
  }
}

std::string Tuning::set(const KnobChange& change, const fs::path& file) {
  const auto now = knob_value(file);
  // CPUs may share a knob: then it is set by now, and was noted for the first.
  if (now == change.to) return {};
  if (!now) return "it cannot be read any more";
  std::string error = journal_.set(change.file, *now, change.to);
  if (!error.empty()) return error;
  const auto after = knob_value(file);
  if (after == change.to) return {};
  return fmt::format("reads {} after {} was written", after.value_or("nothing"), change.to);
}

}  // namespace ipcmark
