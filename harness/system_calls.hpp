// The system calls of one thread between two marks, by name and by how they ended.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ipcmark {

struct CallCounts {
  std::uint64_t ok = 0;
  std::uint64_t again = 0;  // EAGAIN, ENOMSG: there was nothing, no room, or the futex had changed
  std::uint64_t error = 0;

  CallCounts& operator+=(const CallCounts& more);
  bool operator==(const CallCounts&) const = default;
};
using SystemCalls = std::map<std::string, CallCounts, std::less<>>;

[[nodiscard]] CallCounts sum_of(const SystemCalls& calls);
// {"read": {"ok": 256, "again": 0, "error": 0}}
[[nodiscard]] nlohmann::json to_json(const SystemCalls& calls);

// As this build's headers name it; "call_N" for one that they do not know.
[[nodiscard]] std::string system_call_name(long number);

// While one lives, the calling thread's system calls are those that a CallCounter counts. The marks
// are calls too, of numbers that no kernel has: they are seen by whatever sees calls, in the
// thread's own order, and do nothing else. Without a counter nobody makes them.
class CountedSection {
 public:
  explicit CountedSection(bool counted);
  CountedSection(const CountedSection&) = delete;
  CountedSection& operator=(const CountedSection&) = delete;
  ~CountedSection();

 private:
  bool counted_;
};

// Takes the calls of a thread in their order and keeps those between the marks.
class CallLog {
 public:
  // `result` as the kernel returns it: below 0 an errno. False at the end mark: what follows is not
  // asked for.
  bool note(long number, long result);
  // Throws std::runtime_error where the end mark has not been seen.
  [[nodiscard]] SystemCalls calls() const;

 private:
  std::map<long, CallCounts> counts_;
  bool counting_ = false;
  bool ended_ = false;
};

}  // namespace ipcmark
