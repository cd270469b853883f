#include "harness/canary_book.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ipcmark {
namespace {

constexpr std::uint64_t kOneInSoMany = 10;

}  // namespace

void CanaryBook::note(const std::vector<nlohmann::json>& records) {
  if (records.empty()) return;
  const auto& any = records.front();
  if (any.contains("supersedes")) {
    const auto& superseded = any.at("supersedes");
    superseded_[superseded.at("launch_id")] = superseded.at("why");
    return;
  }
  Launch launch{.block = any.at("block"), .place = any.at("case").at("placement"), .cases = {}};
  for (const auto& record : records) {
    const auto canary = record.value("canary", nlohmann::json());
    if (!canary.is_object()) continue;
    launch.cases.push_back({canary.at("before_ns"), canary.at("after_ns")});
  }
  launches_[any.at("launch_id")] = std::move(launch);
}

std::vector<double> CanaryBook::history(const std::string& place, std::uint32_t block) const {
  std::vector<double> readings;
  for (const auto& [id, launch] : launches_) {
    if (launch.place != place || launch.block > block) continue;
    for (const auto& one : launch.cases) {
      readings.push_back(one.before_ns);
      readings.push_back(one.after_ns);
    }
  }
  return readings;
}

std::vector<Contaminated> CanaryBook::judge(std::uint32_t block) const {
  std::map<std::string, CanaryHistory> histories;
  std::vector<Contaminated> found;
  for (const auto& [id, launch] : launches_) {
    if (launch.block != block) continue;
    if (!histories.contains(launch.place)) {
      histories.emplace(launch.place, CanaryHistory(history(launch.place, block), resolution_ns_));
    }
    const CanaryHistory& calm = histories.at(launch.place);
    const CanaryVerdict verdict = calm.judge(launch.cases);
    const auto earlier = superseded_.find(id);
    const bool was = earlier != superseded_.end();
    if (!contaminated(verdict) && !was) continue;
    found.push_back({.launch_id = id,
                     .why = was ? earlier->second : std::string(word(verdict)),
                     .ratio = calm.distance(launch.cases)});
  }
  // What was run again stays so; then the worst.
  std::ranges::sort(found, [&](const Contaminated& a, const Contaminated& b) {
    const bool a_was = superseded_.contains(a.launch_id), b_was = superseded_.contains(b.launch_id);
    return a_was != b_was ? a_was : a.ratio > b.ratio;
  });
  return found;
}

bool CanaryBook::may_repeat(std::uint32_t block, std::uint64_t repeated) const {
  const auto made = static_cast<std::uint64_t>(std::ranges::count_if(
      launches_, [&](const auto& entry) { return entry.second.block <= block; }));
  return kOneInSoMany * (repeated + 1) <= made;
}

}  // namespace ipcmark
