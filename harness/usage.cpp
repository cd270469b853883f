#include "harness/usage.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/maybe_count.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

constexpr std::uint64_t kTicksForShares = 100;

std::uint64_t ns_of(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

std::vector<std::filesystem::path> tasks_of(UsageScope scope, const std::filesystem::path& proc) {
  if (scope == UsageScope::thread) return {proc / "thread-self"};
  std::vector<std::filesystem::path> tasks;
  std::error_code ignored;  // no such folder: no tasks, and the counts stay none
  for (const auto& entry : std::filesystem::directory_iterator(proc / "self/task", ignored)) {
    tasks.push_back(entry.path());
  }
  return tasks;
}

// The sum over tasks, or none if the kernel gave none for any of them. A thread that ended since
// it was listed adds nothing.
Count sum_over(const std::vector<std::filesystem::path>& tasks, const char* file,
               Count (*parse)(std::string_view)) {
  Count sum;
  for (const auto& task : tasks) {
    const auto text = read_text(task / file);
    if (!text) continue;
    const Count value = parse(*text);
    if (!value) return std::nullopt;
    sum = sum.value_or(0) + *value;
  }
  return sum;
}

}  // namespace

std::uint64_t cpu_time_ns(UsageScope scope) {
  const bool thread = scope == UsageScope::thread;
  timespec time{};
  if (::clock_gettime(thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID, &time) != 0) {
    throw std::system_error(errno, std::generic_category(), "clock_gettime");
  }
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

Usage usage_now(UsageScope scope, const std::filesystem::path& proc) {
  rusage used{};
  if (::getrusage(scope == UsageScope::thread ? RUSAGE_THREAD : RUSAGE_SELF, &used) != 0) {
    throw std::system_error(errno, std::generic_category(), "getrusage");
  }
  const auto tasks = tasks_of(scope, proc);
  return {.cpu_ns = cpu_time_ns(scope),
          .user_ns = ns_of(used.ru_utime),
          .system_ns = ns_of(used.ru_stime),
          .voluntary_switches = static_cast<std::uint64_t>(used.ru_nvcsw),
          .involuntary_switches = static_cast<std::uint64_t>(used.ru_nivcsw),
          .minor_faults = static_cast<std::uint64_t>(used.ru_minflt),
          .major_faults = static_cast<std::uint64_t>(used.ru_majflt),
          .migrations = sum_over(tasks, "sched", parse_migrations),
          .run_queue_wait_ns = sum_over(tasks, "schedstat", parse_run_queue_wait)};
}

Usage operator-(const Usage& after, const Usage& before) {
  return {.cpu_ns = after.cpu_ns - before.cpu_ns,
          .user_ns = after.user_ns - before.user_ns,
          .system_ns = after.system_ns - before.system_ns,
          .voluntary_switches = after.voluntary_switches - before.voluntary_switches,
          .involuntary_switches = after.involuntary_switches - before.involuntary_switches,
          .minor_faults = after.minor_faults - before.minor_faults,
          .major_faults = after.major_faults - before.major_faults,
          .migrations = difference(after.migrations, before.migrations),
          .run_queue_wait_ns = difference(after.run_queue_wait_ns, before.run_queue_wait_ns)};
}

Usage& operator+=(Usage& sum, const Usage& more) {
  const auto both = [](auto& total, const auto& part) {
    total = total && part ? std::optional(*total + *part) : std::nullopt;
  };
  sum.cpu_ns += more.cpu_ns;
  sum.user_ns += more.user_ns;
  sum.system_ns += more.system_ns;
  sum.voluntary_switches += more.voluntary_switches;
  sum.involuntary_switches += more.involuntary_switches;
  sum.minor_faults += more.minor_faults;
  sum.major_faults += more.major_faults;
  both(sum.migrations, more.migrations);
  both(sum.run_queue_wait_ns, more.run_queue_wait_ns);
  return sum;
}

nlohmann::json to_json(const Usage& usage) {
  const auto ticks_per_s = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const bool enough = usage.cpu_ns >= kTicksForShares * (1'000'000'000 / ticks_per_s);
  nlohmann::json object = {{"cpu_ns", usage.cpu_ns},
                           {"voluntary_switches", usage.voluntary_switches},
                           {"involuntary_switches", usage.involuntary_switches},
                           {"minor_faults", usage.minor_faults},
                           {"major_faults", usage.major_faults},
                           {"migrations", or_null(usage.migrations)},
                           {"run_queue_wait_ns", or_null(usage.run_queue_wait_ns)}};
  if (enough) object["user_ns"] = usage.user_ns, object["system_ns"] = usage.system_ns;
  return object;
}

Count parse_migrations(std::string_view sched) {
  for (const std::string_view line : lines_of(sched)) {
    const auto words = words_of(line);  // "se.nr_migrations   :   3"; before 2.6.3x without "se."
    if (words.size() == 3 && words[0].ends_with("nr_migrations")) return count_in(words[2]);
  }
  return std::nullopt;
}

Count parse_run_queue_wait(std::string_view schedstat) {
  const auto words = words_of(schedstat);
  if (words.size() != 3 || words[2] == "0") return std::nullopt;
  return count_in(words[1]);
}

}  // namespace ipcmark
