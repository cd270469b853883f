#include "harness/binding.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace ipcmark {
namespace {

// Each test binds a thread of its own, so that the test program's affinity stays as it was.
void in_a_thread(const std::function<void()>& body) { std::thread(body).join(); }

TEST(BindingTest, a_bound_thread_is_on_its_cpu_and_says_so) {
  const auto cpus = bound_cpus();
  ASSERT_FALSE(cpus.empty());
  for (const int cpu : {cpus.front(), cpus.back()}) {
    in_a_thread([cpu] {
      bind_this_thread(cpu);
      EXPECT_EQ(bound_cpus(), std::vector<int>{cpu});
      EXPECT_EQ(current_cpu(), cpu);
      EXPECT_NO_THROW(verify_binding(cpu));
    });
  }
}

TEST(BindingTest, verification_fails_when_the_thread_may_run_elsewhere) {
  const auto cpus = bound_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "needs two CPUs";
  in_a_thread([&] {
    bind_this_thread(cpus);
    EXPECT_THROW(verify_binding(cpus[0]), std::runtime_error);
    bind_this_thread(cpus[1]);
    EXPECT_THROW(verify_binding(cpus[0]), std::runtime_error);
  });
}

TEST(BindingTest, a_cpu_that_does_not_exist_is_an_error_with_the_call) {
  for (const int cpu : {-1, 8191, 100000}) {
    try {
      bind_this_thread(cpu);
      ADD_FAILURE() << "bound to cpu " << cpu;
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("sched_setaffinity"), std::string::npos);
    }
  }
  EXPECT_THROW(bind_this_thread(std::vector<int>{}), std::invalid_argument);
}

}  // namespace
}  // namespace ipcmark
