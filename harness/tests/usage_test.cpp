#include "harness/usage.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

namespace ipcmark {
namespace {

void burn(std::uint64_t cpu_ns) {
  const std::uint64_t end = cpu_time_ns(UsageScope::thread) + cpu_ns;
  while (cpu_time_ns(UsageScope::thread) < end) {
  }
}

TEST(UsageTest, a_thread_pays_for_its_own_work_only) {
  const Usage thread_before = usage_now(UsageScope::thread);
  const Usage process_before = usage_now(UsageScope::process);
  std::thread([] { burn(20'000'000); }).join();
  EXPECT_LT((usage_now(UsageScope::thread) - thread_before).cpu_ns, 20'000'000U);
  EXPECT_GE((usage_now(UsageScope::process) - process_before).cpu_ns, 20'000'000U);
}

TEST(UsageTest, sleeping_is_a_voluntary_switch) {
  const Usage before = usage_now(UsageScope::thread);
  for (int i = 0; i < 5; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE((usage_now(UsageScope::thread) - before).voluntary_switches, 5U);
}

TEST(UsageTest, touching_fresh_pages_faults) {
  constexpr std::size_t kPages = 64;
  const Usage before = usage_now(UsageScope::thread);
  void* memory =
      ::mmap(nullptr, kPages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, kPages * 4096, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < kPages; ++i) static_cast<volatile char*>(memory)[i * 4096] = 1;
  const Usage used = usage_now(UsageScope::thread) - before;
  ::munmap(memory, kPages * 4096);
  EXPECT_GE(used.minor_faults, 1U);
}

TEST(UsageTest, without_proc_the_scheduler_says_nothing) {
  for (const auto scope : {UsageScope::thread, UsageScope::process}) {
    const Usage usage = usage_now(scope, "/nonexistent");
    EXPECT_FALSE(usage.migrations.has_value());
    EXPECT_FALSE(usage.run_queue_wait_ns.has_value());
  }
}

TEST(UsageTest, differences_keep_what_is_missing_missing) {
  const Usage before{.cpu_ns = 5, .migrations = 7, .run_queue_wait_ns = 10};
  const Usage after{.cpu_ns = 9, .migrations = 9, .run_queue_wait_ns = std::nullopt};
  const Usage used = after - before;
  EXPECT_EQ(used.cpu_ns, 4U);
  EXPECT_EQ(used.migrations, 2U);
  EXPECT_FALSE(used.run_queue_wait_ns.has_value());
  EXPECT_FALSE((before - after).migrations.has_value()) << "a thread has ended in between";
}

TEST(UsageTest, shares_of_user_and_system_need_a_hundred_ticks) {
  Usage usage{.cpu_ns = 999'999'999, .user_ns = 3, .system_ns = 4};
  EXPECT_FALSE(to_json(usage).contains("user_ns"));
  usage.cpu_ns = 1'000'000'000;
  EXPECT_EQ(to_json(usage)["user_ns"], 3);
  EXPECT_EQ(to_json(usage)["system_ns"], 4);
}

TEST(SchedTest, migrations_are_found_by_name) {
  EXPECT_EQ(
      parse_migrations("cat (12, #threads: 1)\n-----\n"
                       "se.nr_migrations                             :                    3\n"
                       "nr_switches                                  :                    1\n"),
      3U);
  EXPECT_FALSE(parse_migrations("nr_switches : 1\n").has_value());
}

TEST(SchedTest, waiting_is_the_second_number_unless_nothing_is_counted) {
  EXPECT_EQ(parse_run_queue_wait("218107 4711 3\n"), 4711U);
  EXPECT_FALSE(parse_run_queue_wait("0 0 0\n").has_value());
  EXPECT_FALSE(parse_run_queue_wait("").has_value());
}

}  // namespace
}  // namespace ipcmark
