#include "harness/canary_rule.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace ipcmark {
namespace {

nlohmann::json reference() {
  std::ifstream file(IPCMARK_SOURCE_DIR "/results/reference/canary_rule.json");
  return nlohmann::json::parse(file);
}

std::vector<CanaryCase> cases_of(const nlohmann::json& launch) {
  std::vector<CanaryCase> cases;
  for (const auto& pair : launch.at("cases")) cases.push_back({pair[0], pair[1]});
  return cases;
}

TEST(CanaryRule, says_what_analysis_says) {
  std::map<std::string, int> seen;
  for (const auto& run : reference()) {
    const CanaryHistory history(run.at("readings_ns"), run.at("quantum_ns"));
    for (const auto& launch : run.at("launches")) {
      const auto verdict = history.judge(cases_of(launch));
      EXPECT_EQ(word(verdict), launch.at("verdict").get<std::string>()) << run.dump();
      ++seen[launch.at("verdict")];
    }
  }
  EXPECT_EQ(seen.size(), 5u) << "the reference tries every verdict";
}

TEST(CanaryRule, finds_the_levels_that_analysis_finds) {
  for (const auto& run : reference()) {
    const auto wanted = run.at("levels_ns").get<std::vector<double>>();
    const auto found = canary_levels(run.at("readings_ns"));
    ASSERT_EQ(found.size(), wanted.size()) << run.dump();
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6);
  }
}

TEST(CanaryRule, the_further_from_calm_the_larger_the_distance) {
  const CanaryHistory history(std::vector<double>(20, 100.0), 0);
  const auto distance = [&](double before, double after) {
    return history.distance(std::vector<CanaryCase>{{before, after}});
  };
  EXPECT_DOUBLE_EQ(distance(100, 100), 1);
  EXPECT_DOUBLE_EQ(distance(50, 50), 2);
  EXPECT_DOUBLE_EQ(distance(100, 300), 3);
}

}  // namespace
}  // namespace ipcmark
