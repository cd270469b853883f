// A table of the kernel's: a heading, and rows of words.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ipcmark::conformance {

// Rows of the file without its heading; none where there is no such file.
inline std::vector<std::vector<std::string>> rows(const std::string& path) {
  std::vector<std::vector<std::string>> all;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    all.emplace_back();
    for (std::string word; words >> word;) all.back().push_back(word);
  }
  return all;
}

}  // namespace ipcmark::conformance
