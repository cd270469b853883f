#include "harness/run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include "harness/json_text.hpp"
#include "harness/packed.hpp"
#include "harness/plan.hpp"
#include "harness/text_file.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPartial = ".partial";

fs::path partial(const fs::path& path) {
  const std::string text = path.lexically_normal().string();
  return text.ends_with(kPartial) ? fs::path(text) : fs::path(text + std::string(kPartial));
}

fs::path without_slash(fs::path path) { return path.has_filename() ? path : path.parent_path(); }

fs::path complete_name(const fs::path& folder) {
  const std::string text = folder.string();
  return text.substr(0, text.size() - kPartial.size());
}

// What a run writes before its manifest, whole or cut off: nothing is measured by then.
constexpr std::array<std::string_view, 5> kBeforeManifest = {
    "environment.json", "environment.json.new", "environment.xml", "environment.xml.new",
    "manifest.json.new"};

// What is in a folder beside that; none if it is a run's of which nothing was measured, and ours.
std::optional<std::string> foreign_part(const fs::path& folder) {
  struct stat facts {};
  if (::lstat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) return "no folder";
  if (facts.st_uid != ::geteuid()) return "another user's";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool ours = entry.symlink_status().type() == fs::file_type::regular &&
                      std::ranges::find(kBeforeManifest, name) != kBeforeManifest.end();
    if (!ours) return fmt::format("holds {}", name);
  }
  return std::nullopt;
}

// A run that was killed before its manifest was written can neither be resumed nor is it worth it:
// its name is free. The run lock says that it is not about to be written. The folder itself goes
// too, since the new one is made by us or not at all.
void take_over_unmeasured(const fs::path& folder) {
  if (fs::exists(folder / "manifest.json")) {
    throw UsageError(fmt::format("{}: is there already; go on with it by --resume {}",
                                 folder.string(), folder.string()));
  }
  if (const auto foreign = foreign_part(folder)) {
    throw UsageError(
        fmt::format("{}: is there already, and no run that could be gone on with ({}); remove it, "
                    "or name another --out",
                    folder.string(), *foreign));
  }
  for (const std::string_view name : kBeforeManifest) fs::remove(folder / name);
  fs::remove(folder);
}

// Flags besides O_WRONLY and O_CREAT.
Fd open_to_write(const fs::path& path, int flags) {
  const std::string call = "open " + path.string();
  return Fd(
      check(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644), call.c_str()));
}

void write_fully(int fd, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), "write " + path.string());
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// What is no record is left out, here and by the analysis, which says so.
std::vector<nlohmann::json> whole_lines(const fs::path& path) {
  std::vector<nlohmann::json> records;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    auto record = parse_json(line);
    if (is_record(record)) records.push_back(std::move(record));
  }
  return records;
}

// A harness that was killed may have left the beginning of a line or of a launch; the launch will
// be run again.
void drop_unfinished(const fs::path& path) {
  const auto records = whole_lines(path);
  std::map<std::string, std::size_t> have;
  for (const auto& record : records) ++have[record["launch_id"]];
  std::string kept;
  for (const auto& record : records) {
    if (have[record["launch_id"]] == record.value("rungs", std::size_t{1}))
      kept += record.dump() + "\n";
  }
  const fs::path fresh = path.string() + ".new";
  {
    const Fd fd = open_to_write(fresh, O_TRUNC);
    write_fully(fd.get(), kept, fresh);
  }
  fs::rename(fresh, path);
}

}  // namespace

fs::path partial_run(const fs::path& given) {
  const std::array<fs::path, 2> folders = {partial(without_slash(given)),
                                           partial("results" / without_slash(given))};
  std::error_code none;  // what cannot be looked at is not there
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / "manifest.json", none)) return folder;
  }
  for (const fs::path& folder : folders) {
    const std::string whole = complete_name(folder).string();
    if (fs::exists(complete_name(folder) / "manifest.json", none)) {
      throw UsageError(fmt::format(
          "{}: the run is complete, nothing is left to go on with; repeat it by --like {}", whole,
          whole));
    }
    if (fs::is_directory(folder, none)) {
      throw UsageError(fmt::format(
          "{}: nothing was measured in it (no manifest.json); begin it again with --out {}",
          folder.string(), whole));
    }
  }
  throw UsageError(fmt::format("{}: no run there (no manifest.json)", given.string()));
}

RunFolder RunFolder::create(const fs::path& path) {
  const fs::path folder = partial(without_slash(path));
  const fs::path final_name = complete_name(folder);
  if (fs::exists(final_name))
    throw UsageError(fmt::format("{}: exists; a run is never overwritten", final_name.string()));
  if (fs::exists(fs::symlink_status(folder))) take_over_unmeasured(folder);
  std::error_code error;
  const fs::path parent = folder.parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  // Ours from the start: what somebody has put there since we looked, a link say, is not gone into.
  if (!error && !fs::create_directory(folder, error) && !error) {
    error = std::make_error_code(std::errc::file_exists);
  }
  if (error) throw UsageError(fmt::format("{}: {}", folder.string(), error.message()));
  return RunFolder(folder);
}

RunFolder RunFolder::reopen(const fs::path& path) {
  const fs::path folder = partial_run(path);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") drop_unfinished(entry.path());
  }
  return RunFolder(folder);
}

std::string RunFolder::name() const {
  const std::string name = path_.filename().string();
  return name.ends_with(kPartial) ? name.substr(0, name.size() - kPartial.size()) : name;
}

void RunFolder::append(const std::string& experiment, const std::vector<nlohmann::json>& records) {
  std::string lines;
  for (const auto& record : records) lines += record.dump() + "\n";
  const fs::path path = path_ / (experiment + ".jsonl");
  const Fd fd = open_to_write(path, O_APPEND);
  const off_t before = check(::lseek(fd.get(), 0, SEEK_END), "lseek");
  try {
    write_fully(fd.get(), lines, path);
  } catch (const std::system_error&) {
    // A launch is kept whole or not at all.
    [[maybe_unused]] const int rc = ::ftruncate(fd.get(), before);
    throw;
  }
}

void RunFolder::write(const std::string& name, const std::string& text) const {
  const fs::path fresh = path_ / (name + ".new");
  {
    const Fd fd = open_to_write(fresh, O_TRUNC);
    write_fully(fd.get(), text, fresh);
  }
  fs::rename(fresh, path_ / name);
}

nlohmann::json RunFolder::read(const std::string& name) const {
  auto content = parse_json(read_text(path_ / name).value_or(""));
  if (content.is_discarded())
    throw UsageError(fmt::format("{}: is no JSON", (path_ / name).string()));
  return content;
}

nlohmann::json RunFolder::manifest() const {
  auto manifest = read("manifest.json");
  const std::string file = (path_ / "manifest.json").string();
  if (!manifest.is_object()) throw UsageError(fmt::format("{}: is no object", file));
  if (!manifest.value("probes", nlohmann::json::array()).is_array()) {
    throw UsageError(fmt::format("{}: `probes` is no list", file));
  }
  return manifest;
}

std::map<std::string, std::vector<nlohmann::json>> RunFolder::launches() const {
  std::map<std::string, std::vector<nlohmann::json>> launches;
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().extension() != ".jsonl") continue;
    for (auto& record : whole_lines(entry.path())) {
      launches[record["launch_id"]].push_back(std::move(record));
    }
  }
  return launches;
}

std::vector<std::string> RunFolder::complete() {
  const fs::path final_name = path_.parent_path() / name();
  fs::rename(path_, final_name);
  path_ = final_name;
  std::vector<fs::path> large;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const bool records = entry.path().extension() == ".jsonl";
    if (records && entry.file_size() >= kPackFromBytes) large.push_back(entry.path());
  }
  std::vector<std::string> unpacked;
  for (const fs::path& file : large) {
    if (std::string why = pack(file); !why.empty()) unpacked.push_back(std::move(why));
  }
  return unpacked;
}

}  // namespace ipcmark
