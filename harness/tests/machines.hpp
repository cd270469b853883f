// Machines that are not here: machines/NAME.txt, a file's name and one line of it a line, as
// `grep -rsH '' FILES` prints them; # begins a remark.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include "harness/knob_journal.hpp"
#include "harness/tests/fake_root.hpp"

namespace ipcmark {

// Beside this program: the build links the folder.
inline void put_machine(const FakeRoot& root, const std::string& name) {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "machines";
  std::ifstream recorded(folder / (name + ".txt"));
  if (!recorded) throw std::runtime_error("no machine " + (folder / name).string());
  std::map<std::string, std::string> files;
  for (std::string line; std::getline(recorded, line);) {
    const auto colon = line.find(':');
    if (line.starts_with('#') || colon == std::string::npos) continue;
    files[line.substr(0, colon)] += line.substr(colon + 1) + '\n';
  }
  for (const auto& [file, text] : files) root.put(file, text);
}

// Every file's text; of a list of choices the chosen one, since a plain file forgets the others.
inline std::map<std::string, std::string> all_values(const std::filesystem::path& root) {
  std::map<std::string, std::string> values;
  for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
    if (file.is_regular_file()) values[file.path()] = knob_value(file.path()).value_or("");
  }
  return values;
}

}  // namespace ipcmark
