// The program as people meet it: exit codes, and one line for bad input.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

namespace {

struct Outcome {
  int code = -1;
  std::string out;  // stdout, and stderr behind it where `arguments` say so
};

Outcome ipcmark(const std::string& arguments) {
  Outcome outcome;
  std::FILE* pipe = ::popen((IPCMARK_PROGRAM " " + arguments).c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.out.append(buffer.data(), n);
  }
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

TEST(cli, bad_input_is_one_line_and_exit_2) {
  for (const char* arguments : {"",
                                "rnu",
                                "run",
                                "run latancy",
                                "run latency --frob",
                                "run latency --transport pip",
                                "run latency --message-bytes 64Kb",
                                "run latency --placement same_lcc",
                                "run latency --plan quik",
                                "run latency --plan /nonexistent.toml",
                                "run latency --wait",
                                "run latency --blocks 0",
                                "run --resume /nonexistent",
                                "run --like /nonexistent",
                                "run latency --allow everything",
                                "run latency --pattern pour",
                                "run counters --counters tbl",
                                "list sockets",
                                "doctor --jsn",
                                "doctor --cpus 2-",
                                "doctor --against /nonexistent",
                                "clean up"}) {
    const Outcome outcome = ipcmark(std::string(arguments) + " 2>&1");
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 1) << outcome.out;
    EXPECT_EQ(outcome.out.substr(0, 9), "ipcmark: ") << outcome.out;
  }
}

TEST(cli, a_bad_plan_is_named_by_file_and_line) {
  const auto path =
      std::filesystem::temp_directory_path() / ("cli-test-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(path) << "[run]\nblocks = 2\n\n[[latency]]\nmesage_bytes = 8\n";
  const Outcome outcome = ipcmark("run latency --plan " + path.string() + " 2>&1");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "ipcmark: " + path.string() +
                             ":5: unknown key `mesage_bytes` in [[latency]]; did you mean "
                             "`message_bytes`?\n");
  std::filesystem::remove(path);
}

TEST(cli, help_and_version_are_asked_for_and_so_no_error) {
  for (const char* arguments : {"--help", "run --help", "list -h", "doctor --help", "--version"}) {
    const Outcome outcome = ipcmark(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments;
    EXPECT_FALSE(outcome.out.empty());
  }
}

TEST(cli, lists_say_why_when_something_is_missing) {
  const Outcome outcome = ipcmark("list --json");
  ASSERT_EQ(outcome.code, 0);
  const auto lists = nlohmann::json::parse(outcome.out);
  for (const char* list : {"transports", "placements"}) {
    EXPECT_FALSE(lists.at(list).empty());
    for (const auto& entry : lists.at(list)) {
      EXPECT_EQ(entry.at("available").get<bool>(), entry.at("reason") == "") << entry;
    }
  }
  EXPECT_FALSE(lists.at("experiments").empty());
}

TEST(cli, lists_every_transport_that_is_built) {
  const auto lists = nlohmann::json::parse(ipcmark("list transports --json").out);
  std::string names = " ";
  for (const auto& entry : lists.at("transports"))
    names += entry.at("name").get<std::string>() + " ";
  std::istringstream built(IPCMARK_BUILT_TRANSPORTS);
  for (std::string stem; std::getline(built, stem, ',');) {
    EXPECT_NE(names.find(" " + stem + " "), std::string::npos)
        << stem << " is built but not listed";
  }
}

TEST(cli, lists_every_form_of_a_transport_once_with_its_limits) {
  const auto lists = nlohmann::json::parse(ipcmark("list transports --json").out);
  std::set<std::string> seen;
  for (const auto& entry : lists.at("transports")) {
    EXPECT_TRUE(seen.insert(entry.at("name").dump() + entry.at("variant").dump()).second) << entry;
    for (const char* key : {"family", "abilities", "waits", "max_bytes"}) {
      EXPECT_TRUE(entry.contains(key)) << key;
    }
    const std::string reason = entry.at("reason");
    if (!reason.empty()) {
      EXPECT_NE(reason.find(": "), std::string::npos) << reason;
    }
    if (entry.at("max_bytes").is_null()) {
      EXPECT_EQ(entry.at("limited_by"), "") << entry;
    }
  }
  EXPECT_GE(seen.size(), 40u);
  for (const char* form : {R"("unix_dgram"{"address":"abstract"})",
                           R"("shm_ring"{"backing":"sysv_shm","page_bytes":2097152})"}) {
    EXPECT_TRUE(seen.contains(form)) << form;
  }
}

TEST(cli, a_dry_run_measures_nothing_and_says_what_it_would) {
  const Outcome outcome = ipcmark("run all --plan smoke --dry-run");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("launches"), std::string::npos);
}

TEST(cli, doctor_says_what_it_found_as_json_too) {
  const Outcome outcome = ipcmark("doctor --json");
  const auto environment = nlohmann::json::parse(outcome.out);
  for (const char* key :
       {"machine", "epoch", "build", "facts", "doubts", "tuning", "refusals", "compared"}) {
    EXPECT_TRUE(environment.contains(key)) << key;
  }
  // A debug or sanitizer build may not measure, and 3 says so.
  const int allowed = environment.at("refusals").empty() ? 0 : 3;
  EXPECT_EQ(outcome.code, allowed);
  EXPECT_EQ(ipcmark("doctor").code, allowed);
  EXPECT_EQ(ipcmark("doctor --cpus 4095").code, 3);
}

TEST(cli, doctor_says_which_counters_count_and_why_others_do_not) {
  const auto report = nlohmann::json::parse(ipcmark("doctor --json").out);
  std::set<std::string> groups;
  for (const auto& group : report.at("counters")) {
    groups.insert(group.at("group"));
    EXPECT_FALSE(group.at("counts").empty() && group.at("missing").empty());
    for (const auto& missing : group.at("missing")) EXPECT_NE(missing.at("why"), "");
  }
  EXPECT_EQ(groups, (std::set<std::string>{"scheduling", "coherence", "tlb", "frontend"}));
}

TEST(cli, doctor_says_whether_a_run_of_now_would_compare) {
  const auto run =
      std::filesystem::temp_directory_path() / ("cli-test-run-" + std::to_string(::getpid()));
  std::filesystem::create_directory(run);
  std::ofstream(run / "environment.json") << ipcmark("doctor --json").out;
  const Outcome same = ipcmark("doctor --against " + run.string());
  EXPECT_NE(same.out.find("comparing with " + run.string() + " is allowed"), std::string::npos);
  auto other = nlohmann::json::parse(ipcmark("doctor --json").out);
  other["epoch"]["key"] = "0";
  other["epoch"]["clocksource"] = "sundial";
  std::ofstream(run / "environment.json") << other;
  const Outcome differs = ipcmark("doctor --against " + run.string());
  EXPECT_EQ(differs.code, 3);
  EXPECT_NE(differs.out.find("epoch clocksource       \"sundial\" there"), std::string::npos)
      << differs.out;
  EXPECT_NE(differs.out.find("--across-epoch"), std::string::npos);
  std::filesystem::remove_all(run);
}

}  // namespace
