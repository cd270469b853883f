#include "harness/plugin_file.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "harness/plugin_traits.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

// Any descriptor will do that this program reads back from a file: that of a made-up plug-in.
constexpr PluginDescriptor kOurs = describe_plugin("made up");

std::string why_not(const std::string& elf) {
  try {
    static_cast<void>(descriptor_in(elf));
    return {};
  } catch (const PluginRefused& refused) {
    return refused.what();
  }
}

TEST(PluginFile, a_descriptor_says_who_compiled_it_against_what) {
  EXPECT_EQ(text_in(kOurs.name), "made up");
  EXPECT_NE(text_in(kOurs.compiler), "");
  EXPECT_EQ(kOurs.contract, kContract);
  EXPECT_EQ(text_in(describe_plugin(std::string(100, 'x')).name).size(), 63u);
}

TEST(PluginFile, a_program_is_no_plugin) {
  EXPECT_EQ(why_not(*read_text("/proc/self/exe")),
            "no symbol ipcmark_plugin: not a plug-in of ipcmark");
  EXPECT_EQ(why_not("#!/bin/sh"), "not a shared object: no ELF header");
  EXPECT_EQ(why_not(""), "not a shared object: no ELF header");
  EXPECT_EQ(why_not("\x7f"
                    "ELF"),
            "a truncated ELF file");
}

// Headers whose offsets and sizes lie anywhere must not be followed out of the file.
TEST(PluginFile, hostile_headers_are_refused_and_never_followed) {
  const std::string whole = read_text("/proc/self/exe")->substr(0, 1 << 20);
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string elf = whole.substr(0, 64 + random() % 4096);
    for (int i = 0; i < 8; ++i) {
      // Past the identification and the machine, so that the parser goes on.
      elf[20 + random() % (std::min<std::size_t>(elf.size(), 512) - 20)] =
          static_cast<char>(random());
    }
    EXPECT_NE(why_not(elf), "");
  }
}

TEST(PluginTraits, an_entry_survives_its_journey_without_its_code) {
  Transport mine{.traits = {.name = "mine",
                            .summary = "of my own",
                            .family = Family::socket,
                            .copies = 3,
                            .max_bytes = 77},
                 .waits = {Wait::spin, Wait::block},
                 .abilities = {"copy", "recv_until"},
                 .open = [](const Shape&) -> std::unique_ptr<Channel> { return nullptr; }};
  const Transport back = transport_from_json(nlohmann::json::parse(entry_json(mine).dump()));
  EXPECT_EQ(back.traits.name, "mine");
  EXPECT_EQ(back.traits.summary, "of my own");
  EXPECT_EQ(back.traits.family, Family::socket);
  EXPECT_EQ(back.traits.copies, 3);
  EXPECT_EQ(back.traits.max_bytes, 77u);
  EXPECT_EQ(back.waits, mine.waits);
  EXPECT_EQ(back.abilities, mine.abilities);
  EXPECT_EQ(back.open, nullptr);
  EXPECT_THROW(transport_from_json({{"name", "x"}}), nlohmann::json::exception);
}

}  // namespace
}  // namespace ipcmark
