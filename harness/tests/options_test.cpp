// The command line: what it means, and one line for what it does not.
#include "harness/options.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/run_flags.hpp"
#include "harness/tests/fake_experiments.hpp"

namespace ipcmark {
namespace {

Options parse(const Texts& words) {
  std::vector<const char*> argv{"ipcmark"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

std::string complaint(const Texts& words) {
  try {
    static_cast<void>(parse(words));
    return "none";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(options, run_takes_experiments_axes_and_settings) {
  const Options options = parse({"run",
                                 "flowing",
                                 "echoing",
                                 "--transport",
                                 "pipe,null",
                                 "--transport=shm_ring",
                                 "--message-bytes",
                                 "1..4,64Ki",
                                 "--blocks",
                                 "3",
                                 "--warm-up-ns",
                                 "2ms",
                                 "--plan",
                                 "smoke",
                                 "--cpus",
                                 "1,4-6",
                                 "--allow",
                                 "debug_build",
                                 "--out",
                                 "here",
                                 "--dry-run",
                                 "--quiet",
                                 "--json"});
  EXPECT_EQ(options.command, Command::run);
  EXPECT_TRUE(options.json && options.quiet && options.run.dry_run);
  EXPECT_EQ(options.run.experiments, (Texts{"echoing", "flowing"}));
  EXPECT_EQ(options.run.plan, "smoke");
  EXPECT_EQ(options.run.out, "here");
  EXPECT_EQ(options.run.cpus, (std::vector<int>{1, 4, 5, 6}));
  EXPECT_EQ(options.run.allow, Texts{"debug_build"});
  EXPECT_EQ(options.run.overrides.at("transport"), (Texts{"pipe", "null", "shm_ring"}));
  EXPECT_EQ(options.run.overrides.at("message_bytes"), (Texts{"1", "2", "4", "65536"}));
  EXPECT_EQ(options.run.overrides.size(), 2u);
  ASSERT_EQ(options.run.settings.size(), 2u);
  EXPECT_EQ(options.run.settings[0], (std::pair<std::string, std::string>{"blocks", "3"}));
}

TEST(options, all_means_what_the_plan_has) {
  EXPECT_TRUE(parse({"run", "all"}).run.experiments.empty());
  EXPECT_EQ(parse({"run", "all"}).run.plan, "quick");
}

TEST(options, the_other_commands) {
  EXPECT_EQ(parse({"list"}).what, (Texts{"transports", "experiments", "placements"}));
  EXPECT_EQ(parse({"list", "placements", "--json"}).what, Texts{"placements"});
  EXPECT_TRUE(parse({"list", "--json"}).json);
  EXPECT_EQ(parse({"doctor", "--restore"}).command, Command::doctor);
  EXPECT_TRUE(parse({"doctor", "--restore"}).doctor.restore);
  const DoctorOptions doctor = parse({"doctor", "--against", "RUN", "--cpus", "1,4-5"}).doctor;
  EXPECT_EQ(doctor.against, "RUN");
  EXPECT_EQ(doctor.cpus, (std::vector<int>{1, 4, 5}));
  EXPECT_FALSE(doctor.restore);
  EXPECT_TRUE(parse({"run", "all", "--tune"}).run.tune);
  EXPECT_FALSE(parse({"run", "all"}).run.tune) << "tuning is never implicit";
  EXPECT_EQ(parse({"clean"}).command, Command::clean);
  EXPECT_EQ(parse({"--version"}).command, Command::version);
  const Options advise = parse({"advise", "RUN", "--message-bytes", "64", "--help"});
  EXPECT_EQ(advise.command, Command::advise);
  EXPECT_EQ(advise.what, (Texts{"RUN", "--message-bytes", "64", "--help"}));
  EXPECT_EQ(parse({"launch", "--control-fd", "7"}).control_fd, 7);
}

TEST(options, help_shows_every_axis_experiment_and_setting) {
  const Options help = parse({"run", "--help"});
  EXPECT_EQ(help.command, Command::help);
  for (const char* expected :
       {"--message-bytes VALUES", "1 to 1Gi", "spin_then_block", "same_llc", "shm_ring",
        "--warm-up-ns", "does it echo?", "--allow CHECK", "smoke", "two an octave"}) {
    EXPECT_NE(help.text.find(expected), std::string::npos) << expected;
  }
  EXPECT_EQ(help.text.find("launch --"), std::string::npos);
  std::size_t line = 0;
  for (std::size_t end; (end = help.text.find('\n', line)) != std::string::npos; line = end + 1) {
    EXPECT_LE(end - line, 100u) << help.text.substr(line, end - line);
  }
  EXPECT_EQ(parse({"--help"}).text.find("launch"), parse({"--help"}).text.find("launches"));
}

TEST(options, unknown_words_get_the_nearest_one) {
  EXPECT_EQ(complaint({"rnu", "echoing"}), "unknown command `rnu`; did you mean `run`?");
  EXPECT_EQ(complaint({"run", "ecoing"}), "unknown experiment `ecoing`; did you mean `echoing`?");
  EXPECT_EQ(complaint({"run", "echoing", "--message_bytes", "1"}),
            "unknown flag `--message_bytes`; did you mean `--message-bytes`?");
  EXPECT_EQ(complaint({"run", "echoing", "--trasport=pipe"}),
            "unknown flag `--trasport`; did you mean `--transport`?");
  EXPECT_EQ(complaint({"run", "echoing", "--frobnicate", "3"}),
            "unknown flag `--frobnicate`; ipcmark run --help lists them");
  EXPECT_EQ(complaint({"--verison"}), "unknown flag `--verison`; did you mean `--version`?");
  EXPECT_EQ(complaint({"list", "transprots"}),
            "unknown list `transprots`; did you mean `transports`?");
  EXPECT_EQ(complaint({"doctor", "--jsn"}), "unknown flag `--jsn`; did you mean `--json`?");
  EXPECT_EQ(complaint({"clean", "everything"}), "unexpected `everything`");
}

TEST(options, bad_values_name_their_flag) {
  EXPECT_EQ(complaint({"run", "echoing", "--transport", "pip"}),
            "--transport: unknown transport `pip`; did you mean `pipe`?");
  EXPECT_EQ(complaint({"run", "echoing", "--placement", "cross_nume"}),
            "--placement: unknown placement `cross_nume`; did you mean `cross_numa`?");
  EXPECT_EQ(complaint({"run", "echoing", "--flush-ns", "10usec"}),
            "--flush-ns: unknown unit `usec` in `10usec`; did you mean `us`?");
  EXPECT_EQ(complaint({"run", "echoing", "--allow", "debug_bild"}),
            "--allow: unknown check `debug_bild`; did you mean `debug_build`?");
  EXPECT_EQ(complaint({"run", "echoing", "--blocks", "0"}),
            "--blocks: `0` is out of range; valid: 1 to 100k");
  EXPECT_EQ(complaint({"run", "echoing", "--blocks", "abc"}),
            "--blocks: `abc` is not a number; write 12 or 1k (units: k, M)");
  EXPECT_EQ(complaint({"run", "echoing", "--cpus", ""}), "--cpus: names no CPU; write 2,3 or 2-5");
  EXPECT_EQ(complaint({"run", "echoing", "--wait"}), "--wait needs a value");
  EXPECT_EQ(complaint({"run", "echoing", "--wait="}), "--wait needs a value");
  EXPECT_EQ(complaint({"run", "echoing", "--out", "a", "--out", "b"}), "--out is given twice");
}

TEST(options, a_number_beyond_its_range_says_the_range_however_it_is_written) {
  const std::string bytes = "; valid: 1 to 1Gi, in B, Ki, Mi, Gi";
  for (const char* text : {"12345678901234567890123", "99999999999Gi", "-1", "0", "2Gi"}) {
    EXPECT_EQ(complaint({"run", "echoing", "--message-bytes", text}),
              fmt::format("--message-bytes: `{}` is out of range{}", text, bytes));
  }
  for (const char* text : {"12345678901234567890123", "-1"}) {
    EXPECT_EQ(complaint({"run", "echoing", "--blocks", text}),
              fmt::format("--blocks: `{}` is out of range; valid: 1 to 100k", text));
  }
  EXPECT_EQ(complaint({"run", "echoing", "--cpus", "abc"}),
            "--cpus: `abc` is no list of CPUs; write numbers up to 65535, as in 2,3 or 2-5");
}

TEST(options, an_empty_name_of_a_file_or_folder_says_what_to_write) {
  EXPECT_EQ(complaint({"run", "echoing", "--plan", ""}),
            "--plan is empty; write a TOML file or a shipped plan's name");
  EXPECT_EQ(complaint({"run", "echoing", "--out", ""}),
            "--out is empty; write the folder of a new run");
  EXPECT_EQ(complaint({"run", "--resume", ""}),
            "--resume is empty; write the folder of a run that was stopped");
  EXPECT_EQ(complaint({"run", "echoing", "--like", ""}),
            "--like is empty; write the folder of a run");
  EXPECT_EQ(complaint({"doctor", "--against", ""}),
            "--against is empty; write the folder of a run");
  for (const char* command : {"run", "list"}) {
    EXPECT_EQ(complaint({command, "--plugin", ""}),
              "--plugin is empty; write the file of a shared object");
  }
}

TEST(options, name_what_is_missing_or_too_much) {
  EXPECT_EQ(complaint({}), "name a command: list, run, doctor, clean, advise; --help says more");
  EXPECT_EQ(complaint({"run"}), "run: name an experiment: echoing, flowing, mixing, teaching, all");
  EXPECT_EQ(complaint({"run", "--resume", "results/x", "--wait", "spin"}),
            "--resume goes on with the run's own plan; drop --wait");
  EXPECT_EQ(complaint({"run", "--resume", "results/x", "--quiet", "--tune"}), "none");
  EXPECT_EQ(complaint({"run", "--like", "x"}), "none");
  EXPECT_EQ(complaint({"run", "--like", "x", "--plan", "quick"}),
            "--like and --plan: name one plan");
}

TEST(options, every_complaint_is_one_line) {
  for (const Texts& words :
       {Texts{"--json"}, Texts{"run", "-q"}, Texts{"run", "echoing", "--cpus", "x"},
        Texts{"list", "run"}, Texts{"run", "all", "--like"}}) {
    const std::string line = complaint(words);
    EXPECT_NE(line, "none");
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace ipcmark
