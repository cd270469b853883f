#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace ipcmark {

enum class UsageScope { thread, process };

// What the calling thread or process consumed: totals since it began, or the difference of two.
struct Usage {
  std::uint64_t cpu_ns = 0;     // exact, from the scheduler's clock
  std::uint64_t user_ns = 0;    // shares of it, sampled at timer ticks on many kernels:
  std::uint64_t system_ns = 0;  // to_json() gives them only where there are enough ticks
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::optional<std::uint64_t> migrations = std::nullopt;  // none without CONFIG_SCHED_DEBUG
  std::optional<std::uint64_t> run_queue_wait_ns =
      std::nullopt;  // ready to run and not running; none likewise
};

// The caller's usage now: one clock_gettime, one getrusage and two files of `proc` a thread (tens
// of microseconds: outside measured windows). For a process, migrations and run-queue wait are sums
// over the threads alive now. Throws std::system_error.
[[nodiscard]] Usage usage_now(UsageScope scope, const std::filesystem::path& proc = "/proc");

// CPU time alone, for the edges of measured windows: one clock_gettime. Throws std::system_error.
[[nodiscard]] std::uint64_t cpu_time_ns(UsageScope scope);

// What was consumed from `before` to `after`. The optional ones are none where either is, or where
// a thread's end made the sum shrink.
[[nodiscard]] Usage operator-(const Usage& after, const Usage& before);

// Two orders of one role; the optional ones are none where either is.
Usage& operator+=(Usage& sum, const Usage& more);

// The record's fields of a role under their names there; user_ns and system_ns are null below 100
// kernel ticks of CPU time, where sampling leaves them no meaning.
[[nodiscard]] nlohmann::json to_json(const Usage& usage);

// nr_migrations from the text of /proc/PID/sched.
[[nodiscard]] std::optional<std::uint64_t> parse_migrations(std::string_view sched);

// Nanoseconds waited, from the text of /proc/PID/schedstat; none where the kernel does not count,
// which it shows by zero time slices of a task that runs.
[[nodiscard]] std::optional<std::uint64_t> parse_run_queue_wait(std::string_view schedstat);

}  // namespace ipcmark
