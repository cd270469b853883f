// What the tests of every transport have in common: the points (transport, wait, access) and the
// vocabulary of shapes, jobs and phases.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "transports/pages.hpp"
#include "transports/tests/huge_pages.hpp"
#include "transports/tests/seen_order.hpp"
#include "transports/tests/two_processes.hpp"
#include "transports/variants.hpp"

namespace ipcmark::conformance {

inline constexpr unsigned kWatchdogSeconds = 60;

struct Point {
  const Transport* transport;
  Wait wait;
  Access access;
  Variant variant;
};

inline const char* name_of(Wait wait) {
  constexpr const char* kNames[] = {"spin", "yield", "spin_then_block", "block", "poll", "epoll"};
  return kNames[static_cast<int>(wait)];
}

// What a variant has that the default has not.
inline std::string name_of(const Variant& variant, const Variant& usual) {
  constexpr const char* kBackings[] = {"none", "memfd", "posix_shm", "sysv_shm", "mmap_file"};
  constexpr const char* kAddresses[] = {"none", "pair", "path", "abstract"};
  std::string name;
  if (variant.backing != usual.backing) name += kBackings[static_cast<int>(variant.backing)];
  if (variant.page_bytes != usual.page_bytes) name += name.empty() ? "huge" : "_huge";
  if (variant.address != usual.address) name += kAddresses[static_cast<int>(variant.address)];
  return name;
}

inline std::string name_of(const Point& point) {
  const Traits& traits = point.transport->traits;
  const std::string variant = name_of(point.variant, variants(traits).front());
  return std::string(traits.name) + "_" + name_of(point.wait) +
         (point.access == Access::copy ? "" : "_in_place") + (variant.empty() ? "" : "_" + variant);
}

inline void PrintTo(const Point& point, std::ostream* out) { *out << name_of(point); }

inline std::vector<Point> points(bool (*wanted)(const Transport&, Access)) {
  std::vector<Point> all;
  for (const Transport& transport : transports()) {
    for (const Access access : {Access::copy, Access::in_place}) {
      if (!transport.has(access == Access::copy ? "copy" : "in_place")) continue;
      if (!wanted(transport, access)) continue;
      const Variant usual = variants(transport.traits).front();
      for (const Wait wait : transport.waits) all.push_back({&transport, wait, access, usual});
    }
  }
  return all;
}

// The variants but the default, each under one wait policy: what differs is how a channel is
// opened.
inline std::vector<Point> variant_points(bool (*wanted)(const Transport&, Access)) {
  std::vector<Point> all;
  for (const Point& point : points(wanted)) {
    const auto& waits = point.transport->waits;
    const bool blocks = std::ranges::find(waits, Wait::block) != waits.end();
    if (point.wait != (blocks ? Wait::block : waits.back())) continue;
    const auto others = variants(point.transport->traits);
    for (std::size_t i = 1; i < others.size(); ++i) {
      all.push_back({point.transport, point.wait, point.access, others[i]});
    }
  }
  return all;
}

inline std::string test_prefix() { return "ipcmark-test-" + std::to_string(::getpid()); }

class Conformance : public ::testing::TestWithParam<Point> {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    ::alarm(kWatchdogSeconds);
    if (GetParam().wait == Wait::spin && usable_cpus() < 2) {
      GTEST_SKIP() << "two spinning ends on one CPU take a scheduler slice a message";
    }
    if (sleeps_at_a_bell() && !why_no_order().empty()) GTEST_SKIP() << why_no_order();
    if (GetParam().variant.page_bytes > base_page_bytes()) {
      huge_.emplace(kHugePages);
      const std::string luck = why_by_luck(GetParam().variant.page_bytes);
      if (!luck.empty()) GTEST_SKIP() << luck;
    }
    const std::string missing = refusal(shape(1, 1));
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
  void TearDown() override {
    ::alarm(0);
    huge_.reset();
  }

  [[nodiscard]] static const Transport& transport() { return *GetParam().transport; }

  // Also a hybrid's sender, for a piece of the memory beside its queue.
  [[nodiscard]] static bool sleeps_at_a_bell() {
    const Wait wait = GetParam().wait;
    const Traits& traits = transport().traits;
    return (wait == Wait::block || wait == Wait::spin_then_block) &&
           (traits.shares_memory || traits.has_threshold || traits.family == Family::one_copy);
  }

  [[nodiscard]] static Shape shape(std::uint64_t message_bytes, std::uint64_t reply_bytes) {
    Shape shape{.message_bytes = message_bytes, .reply_bytes = reply_bytes};
    shape.wait = GetParam().wait;
    shape.access = GetParam().access;
    GetParam().variant.apply(shape);
    shape.spin_budget_ns = 20'000;  // shorter than a sleep and its wake-up: both halves are used
    shape.prefix = test_prefix();
    return shape;
  }

  // The wanted size, or the most that the transport can ever carry.
  [[nodiscard]] static std::uint64_t at_most(std::uint64_t bytes) {
    return std::min(bytes, transport().traits.max_bytes);
  }

  [[nodiscard]] static Job job(const Shape& shape, std::uint64_t messages) {
    return {.messages = messages,
            .message_bytes = shape.message_bytes,
            .reply_bytes = shape.reply_bytes,
            .messages_each = messages,
            .batch = shape.batch,
            .access = shape.access,
            .verify = true};
  }

  [[nodiscard]] static Phase ask(const Shape& shape, std::uint64_t messages) {
    const Job both = job(shape, messages);
    return {shape, Part::ask, Part::answer, both, both};
  }

  // Empty when a channel of this shape can be had, else the reason why not.
  [[nodiscard]] static std::string refusal(const Shape& widest) {
    try {
      (void)transport().open(widest);
      return {};
    } catch (const Unavailable& reason) {
      return *reason.what() == '\0' ? "no reason" : reason.what();
    }
  }

  // The wanted sizes that the transport admits, in their order.
  [[nodiscard]] static std::vector<std::uint64_t> admitted(std::vector<std::uint64_t> sizes,
                                                           Shape widest) {
    std::erase_if(sizes, [&](std::uint64_t bytes) {
      widest.message_bytes = bytes;
      widest.reply_bytes = std::min(widest.reply_bytes, bytes);
      return !refusal(widest).empty();
    });
    return sizes;
  }

  static void expect_right(const Outcomes& outcomes, const Phase& phase) {
    const auto what = [&](const char* end) {
      return ::testing::Message() << end << " of " << phase.shape.message_bytes << " B out, "
                                  << phase.shape.reply_bytes << " B back, T "
                                  << phase.shape.threshold_bytes << ", batch " << phase.shape.batch;
    };
    EXPECT_STREQ(outcomes.client.error, "") << what("client");
    EXPECT_STREQ(outcomes.server.error, "") << what("server");
    EXPECT_EQ(outcomes.client.messages, phase.client_job.messages) << what("client");
    EXPECT_EQ(outcomes.server.messages + outcomes.server.lost, phase.server_job.messages)
        << what("server");
    if (transport().traits.lossy) {
      EXPECT_GE(outcomes.server.messages, 1u) << what("server");
    } else {
      EXPECT_EQ(outcomes.server.lost, 0u) << what("server");
    }
    if (!transport().traits.carries_payload) return;
    EXPECT_EQ(outcomes.client.wrong, 0u) << what("client");
    EXPECT_EQ(outcomes.server.wrong, 0u) << what("server");
  }

  static void run_all_right(const Shape& widest, const std::vector<Phase>& phases) {
    const auto outcomes = run(transport(), widest, phases);
    for (std::size_t i = 0; i < outcomes.size(); ++i) expect_right(outcomes[i], phases[i]);
    EXPECT_EQ(outcomes.size(), phases.size());
  }

  // Of messages and of replies: a hybrid at its two ends and between; others have none.
  using Thresholds = std::pair<std::uint64_t, std::uint64_t>;
  [[nodiscard]] static std::vector<Thresholds> threshold_pairs() {
    if (!transport().traits.has_threshold) return {{kNever, kNever}};
    return {{0, 0}, {64, 4096}, {kNever, kNever}};
  }
  [[nodiscard]] static Shape with_thresholds(Shape shape, const Thresholds& thresholds) {
    std::tie(shape.threshold_bytes, shape.reply_threshold_bytes) = thresholds;
    return shape;
  }

 private:
  static constexpr std::uint64_t kHugePages = 40;  // of 2 MiB: rings and arenas of a 1 MiB message
  std::optional<HugePages> huge_;
};

struct PointName {
  std::string operator()(const ::testing::TestParamInfo<Point>& info) const {
    return name_of(info.param);
  }
};

}  // namespace ipcmark::conformance
