#include "harness/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "harness/axes.hpp"
#include "harness/checks.hpp"
#include "harness/cpu_list.hpp"
#include "harness/help.hpp"
#include "harness/nearest.hpp"
#include "harness/plugins.hpp"
#include "harness/resolve.hpp"
#include "harness/run_flags.hpp"
#include "harness/settings.hpp"

namespace ipcmark {
namespace {

constexpr std::size_t kHelpWidth = 100;

constexpr const char* kPluginHelp =
    "a transport built outside, as a shared object; may be given again for another";
const Texts kListable{"transports", "experiments", "placements"};

// A command (or the program itself) as CLI11 sees it and as its help shows it. Values arrive as
// text: what they mean is decided by the tables that also make the help.
struct Commands {
  CLI::App* app = nullptr;
  std::string usage;
  std::string intro;
  std::vector<HelpSection> sections{{"options", {}}};
  bool help = false;

  void flag(const std::string& name, const std::string& text, bool& target) {
    app->add_flag(name, target);
    sections.back().items.push_back({name, text});
  }
  void value(const std::string& name, const std::string& word, const std::string& text,
             Texts& target) {
    app->add_option(name, target)->allow_extra_args(false);
    sections.back().items.push_back({fmt::format("{} {}", name, word), text});
  }
};

// CLI11 keeps references into this while it parses; it lives for one call of parse_options.
class CommandLine {
 public:
  CommandLine();
  Options parse(int argc, const char* const* argv);

 private:
  void prepare(Commands& command, CLI::App* app, const std::string& usage,
               const std::string& arguments, const std::string& text);
  void add_run_flags();
  void add_axis_flags();
  [[nodiscard]] Commands& chosen();
  void refuse_extras(const Commands& command) const;
  void admit_plugins();
  void finish_list();
  void finish_doctor();
  void finish_run();

  CLI::App app_{"", "ipcmark"};
  Commands main_, list_, run_, doctor_, clean_, advise_, launch_, probe_;
  Options options_;
  bool version_ = false;
  Texts what_, control_fd_, plugins_, against_;
  RunTexts texts_;
};

// What is not known is let through, so that the complaint about it is ours: one line, nearest word.
void CommandLine::prepare(Commands& command, CLI::App* app, const std::string& usage,
                          const std::string& arguments, const std::string& text) {
  app->set_help_flag();
  app->allow_extras();
  command.app = app;
  command.usage = usage;
  command.intro = fmt::format("usage: {} {}\n\n{}\n", usage, arguments, text);
  app->add_flag("-h,--help", command.help);
  command.sections.back().items.push_back({"-h, --help", "this text"});
}

CommandLine::CommandLine() {
  const auto command = [this](Commands& to, const std::string& name, const std::string& arguments,
                              const std::string& text) {
    prepare(to, app_.add_subcommand(name), "ipcmark " + name, arguments, text);
    main_.sections.back().items.push_back({name, text});
  };
  main_.sections = {{"commands", {}}};
  command(list_, "list", "[transports] [experiments] [placements]",
          "what there is, and whether it works on this machine");
  command(run_, "run", "<experiment...|all> [options]", "measure, and keep records");
  command(doctor_, "doctor", "[options]",
          "facts, doubts, and for each the command that removes it");
  command(clean_, "clean", "", "remove what killed runs left behind, and nothing else");
  // All that follows it is the script's, --help too.
  advise_.app = app_.add_subcommand("advise")->prefix_command();
  advise_.app->set_help_flag();
  main_.sections.back().items.push_back(
      {"advise", "which mechanism to take, from a run's records: RUN --message-bytes 64"});
  main_.sections.push_back({"options", {}});
  prepare(main_, &app_, "ipcmark", "<command> [options]",
          "measures what communication between processes costs on this machine");
  main_.flag("--version", "print the version", version_);
  list_.app->add_option("what", what_);
  list_.flag("--json", "for machines", options_.json);
  list_.value("--plugin", "FILE", kPluginHelp, plugins_);
  doctor_.flag("--json", "for machines", options_.json);
  doctor_.flag("--restore", "put back the knobs that a killed run changed, and say no more",
               options_.doctor.restore);
  doctor_.value("--against", "RUN", "whether a run of now would compare with that one, or why not",
                against_);
  doctor_.value("--cpus", "LIST", "whether these CPUs may be measured on, as in 2,3 or 2-5",
                texts_.cpus);
  add_run_flags();
  app_.require_subcommand(0, 1);                // a second command's name is a word like any other
  launch_.app = app_.add_subcommand("launch");  // for the harness, not for people: no help
  probe_.app = app_.add_subcommand("probe-plugin");
  for (const Commands* ours : {&launch_, &probe_}) {
    ours->app->allow_extras()->add_option("--control-fd", control_fd_);
  }
}

void CommandLine::add_run_flags() {
  run_.app->add_option("experiment", texts_.experiments);
  auto& known = run_.sections.emplace(run_.sections.begin(), HelpSection{"experiments", {}})->items;
  for (const Experiment& experiment : experiments()) {
    known.push_back({std::string(experiment.name), std::string(experiment.question)});
  }
  known.push_back({"all", "every experiment of the plan"});
  run_.value("--plan", "PLAN",
             fmt::format("a TOML file, or one of {}", fmt::join(shipped_plans(), ", ")),
             texts_.plan);
  run_.value("--out", "DIR", "folder of the run; default: a new one under results/", texts_.out);
  run_.value("--resume", "DIR", "go on with a run that was stopped", texts_.resume);
  run_.value("--like", "RUN", "repeat the plan of another run", texts_.like);
  run_.value("--plugin", "FILE", kPluginHelp, plugins_);
  run_.value("--cpus", "LIST", "use these CPUs only, as in 2,3 or 2-5", texts_.cpus);
  run_.value("--allow", "CHECK",
             fmt::format("measure in spite of {}; recorded, and shown under every figure",
                         fmt::join(refusal_names(), ", ")),
             texts_.allow);
  // For tests of the harness, not for people: no help.
  run_.app->add_option("--inject", texts_.inject)->allow_extra_args(false);
  run_.flag("--tune", "set knobs that spoil measurements for the time of the run; recorded",
            texts_.tune);
  run_.flag("--dry-run", "print cases, launches and minutes, and measure nothing", texts_.dry_run);
  run_.flag("--quiet", "no progress", options_.quiet);
  run_.flag("--json", "results for machines", options_.json);
  run_.sections.push_back({"effort (over the plan's [run])", {}});
  for (const Setting& setting : settings()) {
    run_.value(setting.flag(), "N", fmt::format("{}; {}", setting.help, setting.valid()),
               texts_.settings[setting.name]);
  }
  add_axis_flags();
}

void CommandLine::add_axis_flags() {
  for (const auto& [group, title] : axis_groups()) {
    run_.sections.push_back({fmt::format("axes: {}", title), {}});
    for (const Axis& axis : axes()) {
      if (axis.group != group) continue;
      run_.value(axis.flag(), axis.words != nullptr ? "WORDS" : "VALUES",
                 fmt::format("{}: {}", axis.help, axis.valid()), texts_.axes[axis.name]);
    }
  }
  run_.intro +=
      "\nan axis takes one value, a list (1,64,4Ki) or, if a number, a range (1..4Mi/2: two an "
      "octave), and\nreplaces that axis in every table of the plan\n";
}

Commands& CommandLine::chosen() {
  for (Commands* command : {&list_, &run_, &doctor_, &clean_, &advise_, &launch_, &probe_}) {
    if (command->app->parsed()) return *command;
  }
  return main_;
}

void CommandLine::refuse_extras(const Commands& command) const {
  // A flag first: the words after an unknown one may be its values.
  Texts extras = command.app->remaining();
  std::ranges::stable_partition(extras, [](const std::string& e) { return e.starts_with('-'); });
  if (extras.empty()) return;
  const std::string extra = extras[0].substr(0, extras[0].find('='));
  if (extra.starts_with('-')) {
    Texts flags;
    for (const CLI::Option* option : command.app->get_options()) {
      if (!option->get_positional()) flags.push_back("--" + option->get_lnames().at(0));
    }
    const auto near = nearest(extra, flags);
    throw UsageError(fmt::format(
        "unknown flag `{}`; {}", extra,
        near ? fmt::format("did you mean `{}`?", *near) : command.usage + " --help lists them"));
  }
  if (&command != &main_) throw UsageError(fmt::format("unexpected `{}`", extra));
  Texts commands;
  for (const HelpItem& item : main_.sections[0].items) commands.push_back(item.left);
  throw UsageError(fmt::format("unknown command `{}`{}", extra, did_you_mean(extra, commands)));
}

Options CommandLine::parse(int argc, const char* const* argv) {
  options_.argv.assign(argv, argv + argc);
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // "--plan: 1 required TEXT missing", once CLI11's own words are cut off
    const std::string line = error.what();
    throw UsageError(line.starts_with('-') ? line.substr(0, line.find(':')) + " needs a value"
                                           : line.substr(0, line.find('\n')));
  }
  Commands& command = chosen();
  if (command.help || main_.help) {
    options_.text = lay_out(command.intro, command.sections, kHelpWidth);
    return options_;
  }
  if (&command == &advise_) {
    options_.command = Command::advise;
    options_.what = command.app->remaining();
    return options_;
  }
  refuse_extras(command);
  if (&command == &list_) finish_list();
  if (&command == &run_) finish_run();
  if (&command == &doctor_) finish_doctor();
  if (&command == &clean_) options_.command = Command::clean;
  if (&command == &launch_ || &command == &probe_) {
    options_.command = &command == &launch_ ? Command::launch : Command::probe_plugin;
    if (control_fd_.size() == 1) options_.control_fd = parse_cpu_list(control_fd_[0]).at(0);
  }
  if (&command == &main_) {
    if (!version_)
      throw UsageError("name a command: list, run, doctor, clean, advise; --help says more");
    options_.command = Command::version;
  }
  return options_;
}

// Before anything that names a transport is read.
void CommandLine::admit_plugins() {
  for (const std::string& plugin : plugins_) {
    require_named("--plugin", plugin, "the file of a shared object");
    admit_plugin(plugin);
  }
}

void CommandLine::finish_list() {
  options_.command = Command::list;
  admit_plugins();
  for (const std::string& what : what_) require_known("list", what, kListable);
  options_.what = what_.empty() ? kListable : what_;
}

void CommandLine::finish_doctor() {
  options_.command = Command::doctor;
  read_doctor(texts_, against_, options_.doctor);
}

void CommandLine::finish_run() {
  options_.command = Command::run;
  admit_plugins();
  for (const CLI::Option* option : run_.app->parse_order()) {
    texts_.flags.push_back(option->get_name());
  }
  options_.run = run_options(texts_);
}

}  // namespace

Options parse_options(int argc, const char* const* argv) { return CommandLine().parse(argc, argv); }

}  // namespace ipcmark
