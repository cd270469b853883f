#include "harness/knob_journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "harness/journal.hpp"
#include "transports/posix.hpp"

namespace ipcmark {
namespace {

namespace fs = std::filesystem;

// One write, as the kernel's files want it. Returns why it failed, or empty.
std::string write_knob(const fs::path& file, const std::string& value) {
  try {
    const Fd fd(check(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW), "open"));
    check(::write(fd.get(), value.data(), value.size()), "write");
    return {};
  } catch (const std::system_error& error) {
    return error.what();
  }
}

bool is_knob(const fs::path& file) {
  const std::string name = file.lexically_normal().string();
  return name == file.string() && (name.starts_with("/proc/") || name.starts_with("/sys/"));
}

}  // namespace

fs::path knob_journal_path() {
  const fs::path journal = journal_path();
  return journal.empty() ? journal : journal.parent_path() / "knobs";
}

std::vector<std::string> restore_knobs(const fs::path& journal, const fs::path& root) {
  std::vector<std::string> changes, said, failed;
  std::ifstream file(journal);
  for (std::string line; std::getline(file, line);) changes.push_back(line);
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    const std::size_t space = change->find(' ');
    const std::string name = change->substr(0, space);
    if (space == std::string::npos || !is_knob(name)) continue;
    const std::string value = change->substr(space + 1);
    const std::string error = write_knob(root / name.substr(1), value);
    if (!error.empty()) failed.insert(failed.begin(), *change);
    said.push_back(error.empty() ? fmt::format("restored {} to {}", name, value)
                                 : fmt::format("cannot restore {} to {}: {}", name, value, error));
  }
  file.close();
  std::error_code none;
  if (failed.empty()) {
    fs::remove(journal, none);
  } else {
    std::ofstream rest(journal, std::ios::trunc);
    for (const std::string& line : failed) rest << line << '\n';
  }
  return said;
}

}  // namespace ipcmark
