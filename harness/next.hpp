// What a run must decide while it runs is a statistic, and statistics are analysis': asked between
// blocks.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace ipcmark {

// The answer of `analysis/next.py RUN --question QUESTION`; throws std::runtime_error with its last
// line when it fails.
[[nodiscard]] nlohmann::json ask_analysis(const std::filesystem::path& run,
                                          const std::string& question);

}  // namespace ipcmark
