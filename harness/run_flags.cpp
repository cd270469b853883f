#include "harness/run_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/axes.hpp"
#include "harness/checks.hpp"
#include "harness/cpu_list.hpp"
#include "harness/nearest.hpp"
#include "harness/settings.hpp"

namespace ipcmark {
namespace {

constexpr std::string_view kPlanWords = "a TOML file or a shipped plan's name";
constexpr std::string_view kRunWords = "the folder of a run";

// Reads each text of a flag, with its name before every complaint.
void read_flag(const std::string& flag, const Texts& texts,
               const std::function<void(const std::string&)>& read) {
  try {
    for (const std::string& text : texts) read(text);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}: {}", flag, error.what()));
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", flag, error.what()));
  }
}

// `valid` is what an empty text should have been.
void read_once(const char* flag, const Texts& texts, std::string_view valid, std::string& target) {
  if (texts.size() > 1) throw UsageError(fmt::format("{} is given twice", flag));
  if (texts.empty()) return;
  require_named(flag, texts.front(), valid);
  target = texts.front();
}

const Texts& texts_of(const std::map<std::string_view, Texts>& texts, std::string_view name) {
  static const Texts kNone;
  const auto found = texts.find(name);
  return found == texts.end() ? kNone : found->second;
}

Texts chosen_experiments(const Texts& asked) {
  Texts chosen;
  Texts known = experiment_names();
  known.emplace_back("all");
  for (const std::string& name : asked) require_known("experiment", name, known);
  if (std::ranges::find(asked, "all") != asked.end()) return {};
  for (const std::string& name : experiment_names()) {
    if (std::ranges::find(asked, name) != asked.end()) chosen.push_back(name);
  }
  return chosen;
}

void read_cpus(const Texts& texts, std::vector<int>& target) {
  read_flag("--cpus", texts, [&](const std::string& text) {
    const auto cpus = parse_cpu_list(text);
    if (cpus.empty()) throw std::invalid_argument("names no CPU; write 2,3 or 2-5");
    std::ranges::copy(cpus, std::back_inserter(target));
  });
}

void read_axes(const RunTexts& texts, Axes& overrides) {
  for (const Axis& axis : axes()) {
    read_flag(axis.flag(), texts_of(texts.axes, axis.name), [&](const std::string& text) {
      Texts& values = overrides[std::string(axis.name)];
      for (std::string& value : axis.values(text)) {
        if (std::ranges::find(values, value) == values.end()) values.push_back(std::move(value));
      }
    });
  }
}

void read_settings(const RunTexts& texts, RunOptions& run) {
  RunSettings scratch;
  for (const Setting& setting : settings()) {
    read_flag(setting.flag(), texts_of(texts.settings, setting.name), [&](const std::string& text) {
      set(scratch, setting.name, text);
      run.settings.emplace_back(setting.name, text);
    });
  }
}

// Which plan there is to run: a run's own, another run's, or one that experiments are named of.
void check_source(const RunTexts& texts) {
  if (!texts.resume.empty()) {
    // A run is gone on with as it was begun, or its blocks would not be comparable.
    for (const std::string& flag : texts.flags) {
      if (flag == "--resume" || flag == "--quiet" || flag == "--json" || flag == "--tune") continue;
      throw UsageError(fmt::format("--resume goes on with the run's own plan; drop {}", flag));
    }
  } else if (!texts.like.empty() && !texts.plan.empty()) {
    throw UsageError("--like and --plan: name one plan");
  } else if (texts.experiments.empty() && texts.like.empty()) {
    throw UsageError(
        fmt::format("run: name an experiment: {}, all", fmt::join(experiment_names(), ", ")));
  }
}

}  // namespace

RunOptions run_options(const RunTexts& texts) {
  RunOptions run;
  run.experiments = chosen_experiments(texts.experiments);
  run.dry_run = texts.dry_run;
  run.tune = texts.tune;
  read_once("--plan", texts.plan, kPlanWords, run.plan);
  read_once("--out", texts.out, "the folder of a new run", run.out);
  read_once("--resume", texts.resume, "the folder of a run that was stopped", run.resume);
  read_once("--like", texts.like, kRunWords, run.like);
  read_flag("--allow", texts.allow, [&](const std::string& check) {
    require_known("check", check, {refusal_names().begin(), refusal_names().end()});
    run.allow.push_back(check);
  });
  read_flag("--inject", texts.inject, [&](const std::string& text) {
    for (std::string_view left = text; !left.empty();) {
      const std::size_t comma = std::min(left.find(','), left.size());
      run.inject.push_back(parse_injection(left.substr(0, comma)));
      left.remove_prefix(std::min(comma + 1, left.size()));
    }
  });
  read_cpus(texts.cpus, run.cpus);
  read_axes(texts, run.overrides);
  read_settings(texts, run);
  check_source(texts);
  return run;
}

void read_doctor(const RunTexts& texts, const Texts& against, DoctorOptions& doctor) {
  read_once("--against", against, kRunWords, doctor.against);
  read_cpus(texts.cpus, doctor.cpus);
}

void require_named(std::string_view flag, std::string_view text, std::string_view valid) {
  if (text.empty()) throw UsageError(fmt::format("{} is empty; write {}", flag, valid));
}

void require_known(std::string_view kind, const std::string& word, const Texts& known) {
  if (std::ranges::find(known, word) != known.end()) return;
  throw UsageError(fmt::format("unknown {} `{}`{}", kind, word, did_you_mean(word, known)));
}

}  // namespace ipcmark
