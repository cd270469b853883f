// How many of a run's cases and launches came to what; the manifest's numbers and the exit code.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace ipcmark {

struct RunCounts {
  std::uint64_t planned = 0, ok = 0, skipped = 0, failed = 0, wrong_payload = 0;
  std::uint64_t launches_planned = 0, launches_done = 0, launches_failed = 0;
  std::uint64_t launches_repeated = 0;

  // All records of one launch, each of which is_record().
  void count_launch(const std::vector<nlohmann::json>& records);

 private:
  void count(const nlohmann::json& record);
};

}  // namespace ipcmark
