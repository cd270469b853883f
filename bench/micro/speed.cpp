// The speed goals: is the instrument as fast as the machine lets it be, and does its own code stay
// out of its numbers? Launches outside, goals inside, so that a disturbed minute hits all alike.
//
// stdout: one JSON line a launch of a goal, the rounds as facts. analysis/speed.py runs this
// program and judges; the medians on stderr are a first look.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/micro/goals.hpp"
#include "bench/micro/trips.hpp"

namespace ipcmark::micro {
namespace {

constexpr const char* kMeasures[] = {"time_ratio", "rate_ratio", "added_ns"};

struct Options {
  int launches = 12;
  int rounds = 12;
  std::string only;
  TripOptions trips;
};

void print_line(const Goal& goal, int launch, const Contender& subject, const Contender& reference,
                const std::vector<Round>& rounds) {
  auto list = nlohmann::json::array();
  for (const auto& r : rounds)
    list.push_back({r.subject_ns, r.reference_ns, r.preempted, r.canary_ns});
  const nlohmann::json line{
      {"goal", goal.name},
      {"measure", kMeasures[static_cast<int>(goal.measure)]},
      {"bound", goal.bound ? nlohmann::json(*goal.bound) : nlohmann::json(nullptr)},
      {"launch", launch},
      {"subject", subject.name},
      {"reference", reference.name},
      {"columns", {"subject_ns", "reference_ns", "preempted", "canary_ns"}},
      {"rounds", std::move(list)}};
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// What the undisturbed rounds of all launches say; no verdict.
void first_look(const Goal& goal, const std::vector<Round>& rounds) {
  std::vector<double> subject, reference, value;
  for (const auto& r : rounds) {
    if (r.preempted != 0) continue;
    subject.push_back(r.subject_ns), reference.push_back(r.reference_ns);
    value.push_back(goal.measure == Measure::added_ns     ? r.subject_ns - r.reference_ns
                    : goal.measure == Measure::time_ratio ? r.subject_ns / r.reference_ns
                                                          : r.reference_ns / r.subject_ns);
  }
  std::fprintf(stderr, "%-46s", goal.name.data());
  if (value.empty()) return (void)std::fprintf(stderr, "  every round was preempted\n");
  std::fprintf(stderr, "%10.2f ns %10.2f ns  %s %7.3f  (%zu of %zu rounds)\n", median(subject),
               median(reference), kMeasures[static_cast<int>(goal.measure)], median(value),
               value.size(), rounds.size());
}

// Pages held for the length of a launch, each launch other ones: the kernel would hand out the very
// page that the launch before gave back, and a line's home decides a tenth of a hand-off.
std::vector<std::byte> ballast(int launch) {
  constexpr std::size_t kPage = 4096, kMost = 61;
  return std::vector<std::byte>((64 + static_cast<std::size_t>(launch) * 17 % kMost) * kPage,
                                std::byte{1});
}

void run(const Options& options) {
  const Pair cpus = two_cpus();
  const auto all = goals();
  std::vector<std::vector<Round>> seen(all.size());
  for (int launch = 0; launch < options.launches; ++launch) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].name.find(options.only) == std::string_view::npos) continue;
      const auto held = ballast(launch);
      // By turns also who is made first: the kernel's objects lie where the allocator was.
      std::optional<Contender> reference;
      if (launch % 2 == 1) reference = all[i].reference();
      const Contender subject = all[i].subject();
      if (!reference) reference = all[i].reference();
      const auto rounds = duel(subject, *reference, cpus, options.rounds);
      print_line(all[i], launch, subject, *reference, rounds);
      seen[i].insert(seen[i].end(), rounds.begin(), rounds.end());
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!seen[i].empty()) first_look(all[i], seen[i]);
  }
}

}  // namespace
}  // namespace ipcmark::micro

int main(int argc, char** argv) {
  using namespace ipcmark::micro;
  Options options;
  CLI::App app("ipcmark's speed goals; analysis/speed.py runs this and judges");
  app.add_option("--launches", options.launches, "fresh processes and memory, so often")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "pairs of runs in a launch")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--only", options.only, "goals whose name contains this");
  auto* trips = app.add_subcommand("trips", "round trips of one transport, to set beside a tool's");
  add_options(*trips, options.trips);
  CLI11_PARSE(app, argc, argv);
  try {
    trips->parsed() ? run_trips(options.trips) : run(options);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ipcmark_speed: %s\n", e.what());
    return 1;
  }
}
