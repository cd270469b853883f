// `ipcmark advise`: the analysis knows; this only finds it.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "harness/commands.hpp"
#include "harness/run.hpp"
#include "harness/share.hpp"

namespace ipcmark {

int advise_command(const Options& options) {
  const std::filesystem::path script = analysis_script("advise.py");
  std::error_code none;
  if (!std::filesystem::exists(script, none)) {
    throw Refused(
        fmt::format("advise: no {}; IPCMARK_ANALYSIS names the folder it is in", script.string()));
  }
  // By its full name: another python3, without numpy, may come first on PATH. -B: an installed tree
  // stays as it is.
  std::vector<std::string> words{"/usr/bin/python3", "-B", script.string()};
  words.insert(words.end(), options.what.begin(), options.what.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  throw std::system_error(errno, std::generic_category(), "execv /usr/bin/python3");
}

}  // namespace ipcmark
