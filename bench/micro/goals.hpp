// The speed goals: what the instrument promises of itself, each a comparison of two contenders.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "bench/micro/duel.hpp"

namespace ipcmark::micro {

enum class Measure {
  time_ratio,  // subject / reference, at most the bound
  rate_ratio,  // subject / reference, at least the bound
  added_ns,    // subject - reference, at most the bound
};

struct Goal {
  std::string_view name;
  Measure measure;
  std::optional<double> bound;                    // none: shown beside the goals, promised nothing
  std::function<Contender()> subject, reference;  // a fresh one each launch
};

// Those that can be had in this build.
[[nodiscard]] std::vector<Goal> goals();

}  // namespace ipcmark::micro
