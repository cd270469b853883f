#include "harness/environment.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/facts.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

const json kFacts = {{"arch", "x86_64"},
                     {"cpu", {{"vendor", "Acme"}, {"model", "7"}}},
                     {"memory", {{"MemTotal", "65800000 kB"}}},
                     {"kernel_release", "6.1.0"},
                     {"governor", {{"performance", 4}}},
                     {"uptime", "12.5 20.1"},
                     {"hostname_hash", "0123"}};

const BuildInfo kBuild{
    .compiler = "GNU 12.2.0", .flags = "-O2", .commit = "abc", .program_id = "1f"};

Topology machine() { return Topology::synthetic("pack:1 l3:1 core:4 pu:1"); }

json changed(const char* name, json value) {
  json facts = kFacts;
  facts[name] = std::move(value);
  return facts;
}

TEST(EnvironmentTest, has_the_parts_of_the_schema) {
  const json environment = describe_environment(kFacts, machine(), kBuild);
  for (const char* part : {"machine", "epoch", "build"}) {
    EXPECT_EQ(environment.at(part).at("key").get<std::string>().size(), 16U) << part;
  }
  EXPECT_EQ(environment["facts"]["commit"], "abc");
  EXPECT_EQ(environment["facts"]["dirty"], false);
  EXPECT_TRUE(environment["doubts"].is_array());
}

TEST(EnvironmentTest, keys_are_stable_over_time) {
  // If this fails, every stored baseline is orphaned: raise the schema instead.
  EXPECT_EQ(with_key({{"b", 1}, {"a", "x"}})["key"], with_key({{"a", "x"}, {"b", 1}})["key"]);
  EXPECT_EQ(with_key({{"a", "x"}, {"b", 1}})["key"], "4288679ae4fc300f");
}

TEST(EnvironmentTest, the_machine_is_hardware_only) {
  const json key = machine_key(kFacts, machine())["key"];
  EXPECT_EQ(machine_key(changed("kernel_release", "6.2.0"), machine())["key"], key);
  EXPECT_EQ(machine_key(changed("hostname_hash", "9999"), machine())["key"], key);
  EXPECT_EQ(machine_key(changed("memory", {{"MemTotal", "65700000 kB"}}), machine())["key"], key)
      << "a kernel's own share of memory is not hardware";
  EXPECT_NE(machine_key(changed("cpu", {{"vendor", "Other"}}), machine())["key"], key);
  EXPECT_NE(machine_key(kFacts, Topology::synthetic("pack:2 l3:1 core:2 pu:1"))["key"], key);
  EXPECT_EQ(machine_key(kFacts, machine())["memory_gib"], 63);
}

TEST(EnvironmentTest, the_epoch_is_what_changes_its_behaviour) {
  const json key = epoch_key(kFacts, machine())["key"];
  EXPECT_NE(epoch_key(changed("kernel_release", "6.2.0"), machine())["key"], key);
  EXPECT_NE(epoch_key(changed("governor", {{"powersave", 4}}), machine())["key"], key);
  EXPECT_EQ(epoch_key(changed("uptime", "99 99"), machine())["key"], key);
  Topology forced = machine();
  forced.force(std::vector<int>{2, 3});
  EXPECT_NE(epoch_key(kFacts, forced)["key"], key) << "other CPUs, other numbers";
}

TEST(EnvironmentTest, the_build_is_program_compiler_flags_and_plugins) {
  const json key = build_key(kBuild, {})["key"];
  BuildInfo other = kBuild;
  other.flags = "-O3";
  EXPECT_NE(build_key(other, {})["key"], key);
  other = kBuild;
  other.commit = "def";
  EXPECT_EQ(build_key(other, {})["key"], key) << "the same bytes are the same build";
  const json with_plugin =
      build_key(kBuild, {{.path = "/somewhere/libmine.so", .build_id = "12ab", .content = "00ff"}});
  EXPECT_NE(with_plugin["key"], key);
  EXPECT_EQ(with_plugin["plugins"]["libmine.so"], "12ab");
  const json nameless = build_key(kBuild, {{.path = "/libmine.so", .content = "00ff"}});
  EXPECT_EQ(nameless["plugins"]["libmine.so"], "00ff") << "linked without a build-id";
}

TEST(EnvironmentTest, a_plugin_of_another_compiler_is_doubted) {
  const Plugin same{.path = "/a.so", .compiler = "Debian " + kBuild.compiler};
  const Plugin other{.path = "/b.so", .name = "b", .compiler = "Clang 99"};
  const auto doubts = [](const std::vector<Plugin>& plugins) {
    return describe_environment(kFacts, machine(), kBuild, plugins)["doubts"];
  };
  EXPECT_EQ(doubts({same}), doubts({}));
  EXPECT_EQ(doubts({other}).size(), doubts({}).size() + 1);
  EXPECT_EQ(doubts({other}).back()["check"], "plugin_compiler");
}

TEST(EnvironmentTest, this_machine_gives_the_same_keys_twice) {
  const Topology topology = Topology::this_machine();
  const json first = describe_environment(collect_facts(), topology, build_info());
  const json second = describe_environment(collect_facts(), topology, build_info());
  for (const char* part : {"machine", "epoch", "build"}) {
    EXPECT_EQ(first[part]["key"], second[part]["key"]) << part;
  }
}

}  // namespace
}  // namespace ipcmark
