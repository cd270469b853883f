#include "harness/knob_journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "harness/journal.hpp"
#include "harness/text_file.hpp"
#include "harness/tunable.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBoot = "boot ";

// One write, as the kernel's files want it; it ignores the truncation, a test's files need it.
std::string write_knob(const fs::path& file, const std::string& value) {
  try {
    const Fd fd(check(::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW), "open"));
    check(::write(fd.get(), value.data(), value.size()), "write");
    return {};
  } catch (const std::system_error& error) {
    return error.what();
  }
}

// How often a held lock is looked at.
constexpr std::chrono::milliseconds kLook{10};

void take_lock_of(const Fd& fd, std::chrono::milliseconds patience) {
  for (auto left = patience; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; left -= kLook) {
    if (errno != EWOULDBLOCK || left <= kLook) check(-1, "flock");
    std::this_thread::sleep_for(kLook);
  }
}

// Locked as long as it is open. Who held it before may have removed the file in the meantime: then
// it is another one that counts.
Fd open_locked(const fs::path& journal, std::chrono::milliseconds patience) {
  for (;;) {
    Fd fd(check(::open(journal.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600),
                "open"));
    take_lock_of(fd, patience);
    struct stat ours {};
    struct stat named {};
    check(::fstat(fd.get(), &ours), "fstat");
    if (::stat(journal.c_str(), &named) != 0 || named.st_ino != ours.st_ino) continue;
    // Whoever may write it has a say in what root writes to the kernel.
    if (ours.st_uid == ::geteuid() && (ours.st_mode & (S_IWGRP | S_IWOTH)) == 0) return fd;
    throw std::system_error(EPERM, std::generic_category(), "not ours alone");
  }
}

fs::path boot_id_file(const fs::path& root) { return root / "proc/sys/kernel/random/boot_id"; }

}  // namespace

fs::path knob_journal_path() {
  const fs::path journal = journal_path();
  return journal.empty() ? journal : journal.parent_path() / "knobs";
}

std::optional<std::string> knob_value(const fs::path& file) {
  auto value = read_knob(file);
  if (!value) return value;
  const auto open = value->find('['), close = value->find(']');
  if (open == value->npos || close == value->npos || close < open) return value;
  return value->substr(open + 1, close - open - 1);
}

KnobJournal::KnobJournal(fs::path journal, fs::path root, std::chrono::milliseconds patience)
    : journal_(std::move(journal)), root_(std::move(root)) {
  try {
    fs::create_directories(journal_.parent_path());
    fd_ = open_locked(journal_, patience);
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), fmt::format("journal of knobs {}", journal_.string()));
  }
}

KnobJournal::~KnobJournal() {
  if (done_) return;
  try {
    const Restored restored = put_back();
    if (restored.complete) return;
    for (const std::string& line : restored.lines) fmt::print(stderr, "{}\n", line);
    fmt::print(stderr, "as root: ipcmark doctor --restore\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "cannot put knobs back: {}; as root: ipcmark doctor --restore\n",
               error.what());
  }
}

void KnobJournal::append(const std::string& line) {
  const auto written = check(::write(fd_.get(), line.data(), line.size()), "write journal");
  if (written == static_cast<ssize_t>(line.size())) return;
  throw std::system_error(ENOSPC, std::generic_category(), "write journal");
}

void KnobJournal::keep(const std::string& file, const std::string& value) {
  struct stat now {};
  check(::fstat(fd_.get(), &now), "fstat journal");
  const auto boot = read_knob(boot_id_file(root_));
  if (now.st_size == 0 && boot) append(fmt::format("{}{}\n", kBoot, *boot));
  append(fmt::format("{} {}\n", file, value));
}

std::string KnobJournal::set(const std::string& file, const std::string& value,
                             const std::string& to) {
  struct stat before {};
  check(::fstat(fd_.get(), &before), "fstat journal");
  keep(file, value);
  std::string error = write_knob(root_ / file.substr(1), to);
  if (!error.empty()) check(::ftruncate(fd_.get(), before.st_size), "ftruncate journal");
  return error;
}

// Of the file that is locked, whatever bears its name by now.
std::vector<std::string> KnobJournal::lines() const {
  const auto text = read_text(fmt::format("/proc/self/fd/{}", fd_.get()));
  std::vector<std::string> found;
  for (const auto line : lines_of(text ? *text : std::string_view())) found.emplace_back(line);
  return found;
}

// What is to be put back, as it was noted; a restarted machine has forgotten what was changed.
std::vector<std::string> KnobJournal::changes(Restored& restored) const {
  auto noted = lines();
  if (noted.empty() || !noted.front().starts_with(kBoot)) return noted;
  const auto boot = read_knob(boot_id_file(root_));
  if (boot && noted.front().substr(kBoot.size()) != *boot) {
    restored.lines.emplace_back("the machine was restarted since its knobs were changed");
    return {};
  }
  noted.erase(noted.begin());
  return noted;
}

Restored KnobJournal::put_back() {
  Restored restored;
  const auto noted = changes(restored);
  std::vector<std::pair<std::string, std::string>> failed;
  for (auto change = noted.rbegin(); change != noted.rend(); ++change) {
    const std::size_t space = change->find(' ');
    const std::string name = change->substr(0, space);
    if (space == std::string::npos || !is_tunable(name)) continue;
    const std::string value = change->substr(space + 1);
    const std::string error = write_knob(root_ / name.substr(1), value);
    if (!error.empty()) failed.emplace(failed.begin(), name, value);
    restored.lines.push_back(error.empty()
                                 ? fmt::format("restored {} to {}", name, value)
                                 : fmt::format("cannot restore {} to {}: {}", name, value, error));
  }
  restored.complete = failed.empty();
  check(::ftruncate(fd_.get(), 0), "ftruncate journal");
  for (const auto& [name, value] : failed) keep(name, value);
  if (failed.empty()) ::unlink(journal_.c_str());
  done_ = true;
  return restored;
}

Restored restore_knobs(const fs::path& journal, const fs::path& root) {
  std::error_code none;
  if (journal.empty() || !fs::exists(journal, none)) return {};
  try {
    return KnobJournal(journal, root, std::chrono::milliseconds(0)).put_back();
  } catch (const std::system_error& error) {
    if (error.code().value() == EWOULDBLOCK) return {{"knobs are tuned by a run that lives"}, true};
    return {{fmt::format("{}; as root: ipcmark doctor --restore", error.what())}, false};
  }
}

}  // namespace ipcmark
