// What may be asked for as a fault, and what is said of the rest.
#include "harness/injection.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ipcmark {
namespace {

std::string answer_to(std::string_view text) {
  try {
    return "none: " + to_text(parse_injection(text));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(injection, reads_what_it_writes) {
  for (const char* text : {"launch:open:killed", "client:meet:slow", "server:measure:lost"}) {
    EXPECT_EQ(to_text(parse_injection(text)), text);
  }
}

TEST(injection, names_what_is_unknown_and_what_would_be_valid) {
  EXPECT_EQ(answer_to("lost"),
            "`lost` is no fault; write ROLE:PHASE:FAULT as in server:measure:lost");
  EXPECT_EQ(answer_to("harness:open:killed"), "`harness` is none of launch, client, server");
  EXPECT_NE(answer_to("server:measure:gone").find("reordered"), std::string::npos);
}

TEST(injection, refuses_faults_that_could_never_strike) {
  EXPECT_NE(answer_to("launch:measure:killed").find("valid: launch in open, close"),
            std::string::npos);
  EXPECT_NE(answer_to("client:open:killed").find("client is not struck in open"),
            std::string::npos);
  EXPECT_EQ(answer_to("client:meet:lost"), "client sends no message in meet that could be lost");
  EXPECT_EQ(answer_to("launch:close:lost"), "launch sends no message in close that could be lost");
}

}  // namespace
}  // namespace ipcmark
