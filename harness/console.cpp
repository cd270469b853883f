#include "harness/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "transports/posix.hpp"

namespace ipcmark {

namespace {

constexpr std::int64_t kTerminalEveryNs = 200'000'000;
constexpr std::int64_t kPlainEveryNs = 10'000'000'000;

double median_of(const nlohmann::json& windows) {
  auto values = windows.at("ns_per_message").get<std::vector<double>>();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Not by fmt::print, which throws: that nobody reads is no reason to end a run.
void print(const std::string& text) { std::fputs(text.c_str(), stderr); }

std::string human_ns(double ns) {
  if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.2f} us", ns / 1e3);
  return fmt::format("{:.2f} ms", ns / 1e6);
}

}  // namespace

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {}

Console::~Console() { erase(); }

void Console::erase() {
  if (line_open_) std::fputs("\r\033[K", stderr);
  line_open_ = false;
}

void Console::say(std::string_view line) {
  if (quiet_) return;
  erase();
  print(fmt::format("{}\n", line));
}

void Console::progress(std::uint64_t done, std::uint64_t planned, std::int64_t left_ns,
                       const nlohmann::json& record) {
  const std::int64_t now = monotonic_now();
  if (quiet_ || now - last_ns_ < (terminal_ ? kTerminalEveryNs : kPlainEveryNs)) return;
  last_ns_ = now;
  const std::string line =
      fmt::format("{}/{} cases, {} left, {}", done, planned, minutes(left_ns), headline(record));
  if (!terminal_) return say(line);
  constexpr std::size_t kWidth = 100;
  print(fmt::format("\r\033[K{}", line.substr(0, kWidth)));
  std::fflush(stderr);
  line_open_ = true;
}

std::string headline(const nlohmann::json& record) {
  const auto& point = record.at("case");
  std::string text = fmt::format("{} {} {} B", record.at("experiment").get<std::string>(),
                                 point.at("transport").get<std::string>(),
                                 point.at("message_bytes").get<std::uint64_t>());
  if (record.at("status") != "ok") {
    return fmt::format("{}: {}: {}", text, record.at("status").get<std::string>(),
                       record.at("reason").get<std::string>());
  }
  if (record.at("windows").is_object()) text += ": " + human_ns(median_of(record.at("windows")));
  return text;
}

std::string minutes(std::int64_t ns) {
  const std::int64_t seconds = std::max<std::int64_t>(ns, 0) / 1'000'000'000;
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

}  // namespace ipcmark
