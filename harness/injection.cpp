#include "harness/injection.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <vector>

namespace ipcmark {
namespace {

template <class Enum>
Enum read(std::string_view text) {
  if (const auto value = from_word<Enum>(text)) return *value;
  std::vector<std::string_view> valid;
  for (const auto& [value, word] : Words<Enum>::table) valid.push_back(word);
  throw std::invalid_argument(fmt::format("`{}` is none of {}", text, fmt::join(valid, ", ")));
}

bool has_messages(Phase phase) {
  return phase == Phase::verify || phase == Phase::warm_up || phase == Phase::measure ||
         phase == Phase::close;
}

void require_reachable(const Injection& injection) {
  const auto [target, phase, fault] = injection;
  const bool reached = target == Target::launch ? phase == Phase::open || phase == Phase::close
                                                : phase == Phase::meet || has_messages(phase);
  if (!reached) {
    throw std::invalid_argument(fmt::format(
        "{} is not struck in {}; valid: launch in open, close; client and server in meet, verify, "
        "warm_up, measure, close",
        word(target), word(phase)));
  }
  if (of_messages(fault) && (target == Target::launch || !has_messages(phase))) {
    throw std::invalid_argument(fmt::format("{} sends no message in {} that could be {}",
                                            word(target), word(phase), word(fault)));
  }
}

}  // namespace

Injection parse_injection(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == text.npos ? text.npos : text.find(':', first + 1);
  if (second == text.npos) {
    throw std::invalid_argument(
        fmt::format("`{}` is no fault; write ROLE:PHASE:FAULT as in server:measure:lost", text));
  }
  const Injection injection{.target = read<Target>(text.substr(0, first)),
                            .phase = read<Phase>(text.substr(first + 1, second - first - 1)),
                            .fault = read<FaultKind>(text.substr(second + 1))};
  require_reachable(injection);
  return injection;
}

std::string to_text(const Injection& injection) {
  return fmt::format("{}:{}:{}", word(injection.target), word(injection.phase),
                     word(injection.fault));
}

}  // namespace ipcmark
