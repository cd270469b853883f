#include "harness/run_counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace ipcmark {

using nlohmann::json;

namespace {

// The reason of most cases, and how many others there are.
std::string main_reason(const std::map<std::string, std::uint64_t>& reasons) {
  if (reasons.empty()) return "none is recorded";
  const auto most = std::ranges::max_element(reasons, {}, [](const auto& r) { return r.second; });
  const std::size_t others = reasons.size() - 1;
  if (others == 0) return most->first;
  return fmt::format("{} ({} of them; {} other reason{} in the records)", most->first, most->second,
                     others, others == 1 ? "" : "s");
}

}  // namespace

void RunCounts::count_launch(const std::vector<json>& records) {
  ++launches_done;
  for (const auto& record : records) count(record);
  launches_failed +=
      std::ranges::any_of(records, [](const json& r) { return r.at("status") == "failed"; });
}

std::string RunCounts::nothing_measured() const {
  if (skipped_for.empty()) {
    return "nothing was measured: no block fits into the time budget; see --time-budget-ns";
  }
  return fmt::format("nothing was measured, {} case{} skipped: {}", skipped,
                     skipped == 1 ? "" : "s", main_reason(skipped_for));
}

std::string RunCounts::too_many_failed() const {
  return fmt::format("{} of {} launches failed, {} case{}: {}", launches_failed, launches_done,
                     failed, failed == 1 ? "" : "s", main_reason(failed_for));
}

void RunCounts::count(const json& record) {
  const std::string status = record.at("status");
  if (status != "ok") ++(status == "skipped" ? skipped_for : failed_for)[record.at("reason")];
  (status == "ok" ? ok : status == "skipped" ? skipped : failed) += 1;
  if (record.at("reason").get<std::string>().starts_with("payload:")) ++wrong_payload;
}

}  // namespace ipcmark
