#include "harness/clean.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "harness/journal.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNamedSemaphore = "sem.";  // glibc's, before the name of one
// The journal is written just before the object is made, by a clock that counts whole seconds.
constexpr std::int64_t kClockSlack = 2;
struct Verdict {
  bool keep_entry = false;
  std::string removed;
};

Verdict judge(const CleanWorld& world, const JournalEntry& entry) {
  const auto kind = std::ranges::find(world.sysv_kinds, entry.kind, &SysvKind::kind);
  if (kind == world.sysv_kinds.end()) return {.keep_entry = true, .removed = {}};
  const auto object = kind->find(entry.key);
  if (!object) {
    // Gone, unless its launch is about to make it.
    return {.keep_entry = world.lives(entry.pid, entry.unix_s), .removed = {}};
  }
  const bool ours = object->owner == world.user && object->changed_s >= entry.unix_s - kClockSlack;
  if (!ours) return {};
  if (world.lives(entry.pid, entry.unix_s) || !kind->remove(object->id)) {
    return {.keep_entry = true, .removed = {}};
  }
  return {.keep_entry = false,
          .removed = fmt::format("{} 0x{:08x} of launch {}", kind->name,
                                 static_cast<std::uint32_t>(entry.key), entry.pid)};
}

// Launches append while we work: the journal is set aside first, and what stays is appended to
// the new one. A cleaning that was killed left its own aside; its entries come first.
void clean_journal(const CleanWorld& world, std::vector<std::string>& removed) {
  if (world.journal.empty()) return;
  fs::path aside = world.journal;
  aside += ".cleaning";
  append_journal(world.journal, read_journal(aside));
  std::error_code none;
  fs::rename(world.journal, aside, none);
  std::vector<JournalEntry> kept;
  for (const JournalEntry& entry : read_journal(aside)) {
    Verdict verdict = judge(world, entry);
    if (verdict.keep_entry) kept.push_back(entry);
    if (!verdict.removed.empty()) removed.push_back(std::move(verdict.removed));
  }
  append_journal(world.journal, kept);
  fs::remove(aside, none);
}

// Paths of ours that living processes have open or mapped; a queue's is "/name", without its mount.
std::set<std::string> held_paths(const CleanWorld& world) {
  std::set<std::string> held;
  std::error_code none;
  for (const auto& process : fs::directory_iterator(world.proc, none)) {
    const std::string pid = process.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    for (const auto& fd : fs::directory_iterator(process.path() / "fd", none)) {
      const auto target = fs::read_symlink(fd.path(), none).string();
      if (target.find(world.prefix) != std::string::npos) held.insert(target);
    }
    std::ifstream maps(process.path() / "maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find(world.prefix) != std::string::npos) held.insert(line.substr(line.find('/')));
    }
  }
  return held;
}

// Ours by name, owner and kind; never what a link leads to.
std::optional<struct stat> ours(const CleanWorld& world, const fs::path& path, mode_t kind) {
  struct stat facts {};
  std::string name = path.filename().string();
  if (name.starts_with(kNamedSemaphore)) name.erase(0, kNamedSemaphore.size());
  if (!name.starts_with(world.prefix) || ::lstat(path.c_str(), &facts) != 0) return std::nullopt;
  if (facts.st_uid != world.user || (facts.st_mode & S_IFMT) != kind) return std::nullopt;
  return facts;
}

// "ipcmark-", 16 hexadecimal digits and what the run made of them; a test's names are others.
bool of_a_run(const std::string& name) {
  constexpr std::size_t kBegin = 8, kDigits = 16;
  return name.find_first_not_of("0123456789abcdef", kBegin) == kBegin + kDigits;
}

std::vector<fs::path> candidates(const CleanWorld& world) {
  std::vector<fs::path> found;
  std::error_code none;
  for (const fs::path& folder : world.name_dirs) {
    for (const auto& file : fs::directory_iterator(folder, none)) {
      if (ours(world, file.path(), S_IFREG)) found.push_back(file.path());
    }
  }
  for (const auto& folder : fs::directory_iterator(world.temp_dir, none)) {
    const auto facts = ours(world, folder.path(), S_IFDIR);
    if (facts && world.no_run && of_a_run(folder.path().filename().string())) {
      found.push_back(folder.path());
      continue;
    }
    if (facts && facts->st_mtim.tv_sec + world.folder_age_s <= world.now_s)
      found.push_back(folder.path());
  }
  return found;
}

bool is_held(const std::set<std::string>& held, const fs::path& path) {
  const std::string name = path.string();
  if (held.contains(name) || held.contains("/" + path.filename().string())) return true;
  const auto inside = held.lower_bound(name + "/");
  return inside != held.end() && inside->starts_with(name + "/");
}

}  // namespace

std::vector<std::string> clean(const CleanWorld& world) {
  std::vector<std::string> removed;
  clean_journal(world, removed);
  // In this order: what is made after the first look is not touched, whoever holds it.
  const auto found = candidates(world);
  const auto held = held_paths(world);
  for (const fs::path& path : found) {
    std::error_code failed;
    if (!is_held(held, path) && fs::remove_all(path, failed) > 0 && !failed) {
      removed.push_back(path.string());
    }
  }
  return removed;
}

}  // namespace ipcmark
