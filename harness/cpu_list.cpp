#include "harness/cpu_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

// Far above any kernel's NR_CPUS: a longer range is a typing error, not a machine.
constexpr int kHighestCpu = 65535;

[[noreturn]] void refuse(std::string_view text) {
  throw std::invalid_argument(fmt::format(
      "`{}` is no list of CPUs; write numbers up to {}, as in 2,3 or 2-5", text, kHighestCpu));
}

int number(std::string_view text, std::string_view whole) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool complete = error == std::errc() && end == text.data() + text.size();
  if (!complete || value < 0 || value > kHighestCpu) refuse(whole);
  return value;
}

}  // namespace

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  std::string_view rest = trimmed(text);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    const auto dash = item.find('-');
    const int first = number(item.substr(0, dash), text);
    const int last = dash == std::string_view::npos ? first : number(item.substr(dash + 1), text);
    if (last < first) refuse(text);
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
    if (rest.empty()) refuse(text);
  }
  return cpus;
}

std::string format_cpu_list(std::span<const int> cpus) {
  std::vector<int> sorted(cpus.begin(), cpus.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::string text;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t j = i;
    while (j + 1 < sorted.size() && sorted[j + 1] == sorted[j] + 1) ++j;
    if (!text.empty()) text += ',';
    text += i == j ? fmt::format("{}", sorted[i]) : fmt::format("{}-{}", sorted[i], sorted[j]);
    i = j + 1;
  }
  return text;
}

}  // namespace ipcmark
