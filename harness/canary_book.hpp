// The canaries of a run, launch by launch, and which launches they say must be run again: at most a
// tenth of those made. A run that is gone on with comes to the same verdicts, since they rest on
// records alone.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/canary_rule.hpp"

namespace ipcmark {

struct Contaminated {
  std::string launch_id;
  std::string why;   // a verdict's word
  double ratio = 1;  // CanaryHistory::distance
};

class CanaryBook {
 public:
  // `resolution_ns`: of one reading.
  explicit CanaryBook(double resolution_ns = 0) : resolution_ns_(resolution_ns) {}

  // One launch's records, also of an earlier attempt. One that was run again (`supersedes`) does
  // not enter the history, or verdicts would depend on when they are asked for.
  void note(const std::vector<nlohmann::json>& records);

  // The contaminated launches of a block against all up to it, the worst first; those that were run
  // again already stay contaminated.
  [[nodiscard]] std::vector<Contaminated> judge(std::uint32_t block) const;

  // Whether one more launch may be run again after this block.
  [[nodiscard]] bool may_repeat(std::uint32_t block, std::uint64_t repeated) const;

 private:
  struct Launch {
    std::uint32_t block = 0;
    std::string place;
    std::vector<CanaryCase> cases;
  };
  [[nodiscard]] std::vector<double> history(const std::string& place, std::uint32_t block) const;

  double resolution_ns_;
  std::map<std::string, Launch> launches_;
  std::map<std::string, std::string> superseded_;  // launch → why
};

}  // namespace ipcmark
