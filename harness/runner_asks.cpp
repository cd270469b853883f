// What a run asks analysis between its blocks: its answers are kept in the manifest.
#include <algorithm>

#include "harness/next.hpp"
#include "harness/runner.hpp"

namespace ipcmark {

using nlohmann::json;

// The answer is kept: a resumed run must not ask again with other records at hand.
void Runner::ask_next(std::vector<LaunchPlan>& launches) {
  if (!manifest_.contains("next")) {
    try {
      manifest_["next"] = ask_analysis(folder_.path(), "thresholds");
    } catch (const std::exception&
                 error) {  // `auto` is skipped; what can be measured without it still is
      console_.say(error.what());
      manifest_["next"] = {{"failed", error.what()}};
    }
  }
  apply_answer(launches, manifest_["next"]);
}

// Kept, one answer an exploring block, as ask_next's is.
void Runner::ask_rates(std::vector<LaunchPlan>& explorers, std::vector<LaunchPlan>& launches,
                       std::uint32_t block, std::uint32_t explored) {
  if (std::ranges::none_of(launches, seeks_knee)) return;
  json& kept = manifest_["rates"];
  while (kept.size() <= block) {
    try {
      kept.push_back(ask_analysis(folder_.path(), "rates").at("rates"));
    } catch (const std::exception& error) {  // the curves keep the rates they have
      console_.say(error.what());
      kept.push_back(json::array());
    }
  }
  const auto explorers_before = explorers, launches_before = launches;
  add_rates(explorers, kept[block]);
  add_rates(launches, kept[block]);
  plan_more(explorers_before, explorers, explored - block - 1);
  plan_more(launches_before, launches, request_.plan.run.blocks);
}

}  // namespace ipcmark
