// How many of a run's cases and launches came to what; the manifest's numbers and the exit code.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ipcmark {

struct RunCounts {
  std::uint64_t planned = 0, ok = 0, skipped = 0, failed = 0, wrong_payload = 0;
  std::uint64_t launches_planned = 0, launches_done = 0, launches_failed = 0;
  std::uint64_t launches_repeated = 0;
  std::map<std::string, std::uint64_t> skipped_for, failed_for;  // reason → cases

  // All records of one launch, each of which is_record().
  void count_launch(const std::vector<nlohmann::json>& records);
  // One line for a run of which nothing, or not enough, was measured: the exit code's reason.
  [[nodiscard]] std::string nothing_measured() const;
  [[nodiscard]] std::string too_many_failed() const;

 private:
  void count(const nlohmann::json& record);
};

}  // namespace ipcmark
