#include "harness/system_calls.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace ipcmark {

namespace {

// Far above the numbers of any architecture, below the bit that marks x32's.
constexpr long kBeginMark = 0x1c0de01;
constexpr long kEndMark = 0x1c0de02;

// A call that a stop or a signal interrupted is made again by the kernel: ERESTARTSYS to
// ERESTART_RESTARTBLOCK, which no program ever sees.
constexpr long kFirstRestart = 512;
constexpr long kLastRestart = 516;

constexpr auto kNames = std::to_array<std::pair<long, std::string_view>>({
#include "system_call_names.inc"
});

}  // namespace

CallCounts& CallCounts::operator+=(const CallCounts& more) {
  ok += more.ok;
  again += more.again;
  error += more.error;
  return *this;
}

CallCounts sum_of(const SystemCalls& calls) {
  CallCounts sum;
  for (const auto& [name, counts] : calls) sum += counts;
  return sum;
}

nlohmann::json to_json(const SystemCalls& calls) {
  auto map = nlohmann::json::object();
  for (const auto& [name, counts] : calls) {
    map[name] = {{"ok", counts.ok}, {"again", counts.again}, {"error", counts.error}};
  }
  return map;
}

std::string system_call_name(long number) {
  const auto found = std::ranges::find(kNames, number, &std::pair<long, std::string_view>::first);
  return found != kNames.end() ? std::string(found->second) : fmt::format("call_{}", number);
}

CountedSection::CountedSection(bool counted) : counted_(counted) {
  if (counted_) ::syscall(kBeginMark);
}

CountedSection::~CountedSection() {
  if (counted_) ::syscall(kEndMark);
}

bool CallLog::note(long number, long result) {
  if (number == kBeginMark) counting_ = true;
  if (number == kEndMark) ended_ = true;
  if (!counting_ || ended_ || number == kBeginMark) return !ended_;
  if (-result >= kFirstRestart && -result <= kLastRestart) return true;
  CallCounts& counts = counts_[number];
  const bool failed = result < 0 && result >= -4095;          // an address may look negative
  const bool again = result == -EAGAIN || result == -ENOMSG;  // msgrcv's word for it
  (!failed ? counts.ok : again ? counts.again : counts.error) += 1;
  return true;
}

SystemCalls CallLog::calls() const {
  if (!ended_) throw std::runtime_error("the end of the counted calls was not seen");
  SystemCalls named;
  for (const auto& [number, counts] : counts_) named[system_call_name(number)] = counts;
  return named;
}

}  // namespace ipcmark
