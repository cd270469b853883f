#include "harness/cpu_list.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ipcmark {
namespace {

TEST(CpuListTest, reads_what_the_kernel_writes) {
  EXPECT_EQ(parse_cpu_list("0-3,8\n"), (std::vector<int>{0, 1, 2, 3, 8}));
  EXPECT_EQ(parse_cpu_list("5"), (std::vector<int>{5}));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_TRUE(parse_cpu_list(" \n").empty());
}

TEST(CpuListTest, keeps_the_order_of_a_wish) {
  EXPECT_EQ(parse_cpu_list("3,1"), (std::vector<int>{3, 1}));
}

TEST(CpuListTest, refuses_anything_else) {
  for (const char* text :
       {"a", "1-", "3-1", "1,,2", "1,", "-1", "1 2", "99999999999", "0-9999999"}) {
    EXPECT_THROW((void)parse_cpu_list(text), std::invalid_argument) << text;
  }
}

TEST(CpuListTest, writes_ranges) {
  EXPECT_EQ(format_cpu_list(std::vector<int>{8, 0, 1, 2, 3, 1}), "0-3,8");
  EXPECT_EQ(format_cpu_list(std::vector<int>{}), "");
}

}  // namespace
}  // namespace ipcmark
