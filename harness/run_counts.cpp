#include "harness/run_counts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace ipcmark {

using nlohmann::json;

void RunCounts::count_launch(const std::vector<json>& records) {
  ++launches_done;
  for (const auto& record : records) count(record);
  launches_failed +=
      std::ranges::any_of(records, [](const json& r) { return r.at("status") == "failed"; });
}

void RunCounts::count(const json& record) {
  const std::string status = record.at("status");
  (status == "ok" ? ok : status == "skipped" ? skipped : failed) += 1;
  if (record.at("reason").get<std::string>().starts_with("payload:")) ++wrong_payload;
}

}  // namespace ipcmark
