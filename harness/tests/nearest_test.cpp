#include "harness/nearest.hpp"

#include <gtest/gtest.h>

namespace ipcmark {
namespace {

const std::vector<std::string> kWords{"fifo", "pipe",       "shm_ring",
                                      "tcp",  "unix_dgram", "unix_stream"};

TEST(nearest, counts_a_swap_of_neighbours_once) {
  EXPECT_EQ(edit_distance("pipe", "pipe"), 0u);
  EXPECT_EQ(edit_distance("pipe", "ppie"), 1u);
  EXPECT_EQ(edit_distance("pipe", "pip"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
}

TEST(nearest, finds_what_was_meant) {
  EXPECT_EQ(nearest("ppie", kWords), "pipe");
  EXPECT_EQ(nearest("shmring", kWords), "shm_ring");
  EXPECT_EQ(nearest("unix_steam", kWords), "unix_stream");
  EXPECT_EQ(nearest("unix", kWords), "unix_dgram");
}

TEST(nearest, suggests_nothing_that_is_far) {
  EXPECT_EQ(nearest("frobnicate", kWords), std::nullopt);
  EXPECT_EQ(nearest("x", kWords), std::nullopt);
  EXPECT_EQ(nearest("", kWords), std::nullopt);
}

TEST(nearest, lists_the_valid_words_when_none_is_near) {
  EXPECT_EQ(did_you_mean("pip", kWords), "; did you mean `pipe`?");
  EXPECT_EQ(did_you_mean("zzz", {"fifo", "pipe"}), "; valid: fifo, pipe");
}

}  // namespace
}  // namespace ipcmark
