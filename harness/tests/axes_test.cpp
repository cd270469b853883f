#include "harness/axes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "harness/words.hpp"

namespace ipcmark {
namespace {

using Texts = std::vector<std::string>;

std::string complaint(std::string_view axis, std::string_view text) {
  try {
    Case point;
    set(point, axis, text);
    return "none";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(axes, every_axis_reads_back_what_was_written) {
  for (const Axis& axis : axes()) {
    const Texts texts = axis.words != nullptr
                            ? axis.words()
                            : Texts{std::to_string(axis.lowest), std::to_string(axis.highest)};
    for (const std::string& text : texts) {
      Case point;
      set(point, axis.name, text);
      EXPECT_EQ(axis.read(point), text) << axis.name;
    }
  }
}

TEST(axes, take_units_and_inf) {
  Case point;
  set(point, "message_bytes", "64Ki");
  set(point, "flush_ns", "10us");
  set(point, "timeout_ns", "inf");
  set(point, "rate_per_s", "1M");
  set(point, "wait", "spin_then_block");
  set(point, "path", "auto");
  set(point, "threshold_bytes", "inf");
  EXPECT_EQ(point.message_bytes, 65'536u);
  EXPECT_EQ(point.flush_ns, 10'000u);
  EXPECT_EQ(point.timeout_ns, kNever);
  EXPECT_EQ(point.rate_per_s, 1'000'000u);
  EXPECT_EQ(point.wait, Wait::spin_then_block);
  EXPECT_EQ(point.path, Path::automatic);
  EXPECT_EQ(point.threshold_bytes, Case::kInfinite);
  set(point, "threshold_bytes", "-1");
  EXPECT_EQ(point.threshold_bytes, -1);
}

TEST(axes, name_the_nearest_word_or_the_range) {
  EXPECT_EQ(complaint("wait", "spinn"), "unknown wait `spinn`; did you mean `spin`?");
  EXPECT_EQ(complaint("mesage_bytes", "1"),
            "unknown axis `mesage_bytes`; did you mean `message_bytes`?");
  EXPECT_EQ(complaint("placement", "same_lcc"),
            "unknown placement `same_lcc`; did you mean `same_llc`?");
  EXPECT_EQ(complaint("idle", "deep"), "unknown idle `deep`; valid: default, c1, polling");
  EXPECT_EQ(complaint("message_bytes", "0"),
            "`0` is out of range; valid: 1 to 1Gi, in B, Ki, Mi, Gi");
  EXPECT_EQ(complaint("message_bytes", "inf"),
            "`inf` is out of range; valid: 1 to 1Gi, in B, Ki, Mi, Gi");
  EXPECT_EQ(complaint("batch", "70k"), "`70k` is out of range; valid: 1 to 65536");
  EXPECT_EQ(complaint("page_bytes", "8Ki"),
            "`8Ki` is out of range; valid: 0, 4Ki, 16Ki, 64Ki, 2Mi");
  EXPECT_EQ(complaint("buffer_bytes", "2Gi"),
            "`2Gi` is out of range; valid: 0 to 1Gi, in B, Ki, Mi, Gi");
  EXPECT_EQ(complaint("nodelay", "of"), "unknown nodelay `of`; did you mean `off`?");
  EXPECT_EQ(complaint("address", "pth"), "unknown address `pth`; did you mean `path`?");
  EXPECT_EQ(complaint("backing", "sysv_shn"),
            "unknown backing `sysv_shn`; did you mean `sysv_shm`?");
  EXPECT_EQ(complaint("flush_ns", "2h"),
            "`2h` is out of range; valid: 0 to 1h or inf, in ns, us, ms, s, min, h");
}

TEST(axes, take_lists_and_ranges_without_duplicates) {
  const Axis& size = *find_axis("message_bytes");
  EXPECT_EQ(size.values("64"), Texts{"64"});
  EXPECT_EQ(size.values("1, 64,1Ki,64"), (Texts{"1", "64", "1024"}));
  EXPECT_EQ(size.values("1..8"), (Texts{"1", "2", "4", "8"}));
  EXPECT_EQ(size.values("1..16/2"), (Texts{"1", "2", "3", "4", "6", "8", "11", "16"}));
  EXPECT_EQ(size.values("8..20,100"), (Texts{"8", "16", "20", "100"}));
  EXPECT_EQ(size.values("4096..4Ki"), Texts{"4096"});
  EXPECT_EQ(find_axis("wait")->values("spin,block"), (Texts{"spin", "block"}));
  EXPECT_EQ(find_axis("flush_ns")->values("1us..4us,inf"), (Texts{"1000", "2000", "4000", "inf"}));
}

TEST(axes, half_octaves_to_4Mi_are_44_sizes) {
  // 22 octaves by two, and the end; 1.41 rounds to 1, which is there already.
  const Texts sizes = find_axis("message_bytes")->values("1..4Mi/2");
  EXPECT_EQ(sizes.size(), 44u);
  EXPECT_EQ(sizes.front(), "1");
  EXPECT_EQ(sizes.back(), "4194304");
}

TEST(axes, refuse_ranges_that_do_not_ascend) {
  const Axis& size = *find_axis("message_bytes");
  for (const char* text : {"8..1", "1..8/0", "1..8/-1", "1..8/100", "1..", "..8", "1..x", ","}) {
    EXPECT_THROW(static_cast<void>(size.values(text)), std::invalid_argument) << text;
  }
  EXPECT_THROW(static_cast<void>(find_axis("flush_ns")->values("0..8")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(find_axis("flush_ns")->values("1..inf")), std::invalid_argument);
}

TEST(axes, have_flags_named_after_them) {
  EXPECT_EQ(find_axis("message_bytes")->flag(), "--message-bytes");
}

}  // namespace
}  // namespace ipcmark
