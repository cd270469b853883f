#include "harness/clock_sync.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "harness/binding.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A thread waits for the other with a system call now and then: on a busy machine the other may be
// waiting for this very CPU.
constexpr int kSpinsBeforeYield = 20'000;

template <class Condition>
void spin_until(Condition&& condition) {
  for (int spins = 0; !condition(); ++spins) {
    if (spins < kSpinsBeforeYield) continue;
    std::this_thread::yield();
    spins = 0;
  }
}

// Runs two bodies at once, each bound to its CPU. If one cannot be bound neither body runs, and
// the error is thrown here.
void run_bound(int cpu_a, const std::function<void()>& a, int cpu_b,
               const std::function<void()>& b) {
  std::atomic<int> arrived{0};
  std::atomic<bool> failed{false};
  const auto bound = [&](int cpu, const std::function<void()>& body) {
    std::exception_ptr error;
    try {
      bind_this_thread(cpu);
    } catch (...) {
      error = std::current_exception();
      failed.store(true, std::memory_order_relaxed);
    }
    arrived.fetch_add(1, std::memory_order_acq_rel);  // publishes `failed` to the other's load
    spin_until([&] { return arrived.load(std::memory_order_acquire) == 2; });
    if (error) std::rethrow_exception(error);
    if (!failed.load(std::memory_order_relaxed)) body();
  };
  auto first = std::async(std::launch::async, bound, cpu_a, std::cref(a));
  auto second = std::async(std::launch::async, bound, cpu_b, std::cref(b));
  first.wait();
  second.wait();
  first.get();
  second.get();
}

// What both CPUs write under the lock: the last reading and what went wrong.
class WarpWatch {
 public:
  void read_once() {
    spin_until([&] { return !lock_.test_and_set(std::memory_order_acquire); });
    const std::uint64_t now = ticks::now();
    ++report_.reads;
    if (now < last_) {
      ++report_.warps;
      report_.worst_ticks = std::max(report_.worst_ticks, last_ - now);
    }
    last_ = now;
    lock_.clear(std::memory_order_release);  // pairs with test_and_set above, in the other thread
  }
  [[nodiscard]] WarpReport report() const { return report_; }

 private:
  std::atomic_flag lock_;
  std::uint64_t last_ = 0;
  WarpReport report_;
};

// The two directions of an exchange, on cache lines of their own; 0 = nothing there yet.
struct StampMail {
  alignas(64) std::atomic<std::uint64_t> question{0};
  alignas(64) std::atomic<std::uint64_t> answer{0};
};
constexpr std::uint64_t kLastQuestion = UINT64_MAX;

StampExchange ask_once(StampMail& mail, std::uint64_t number) {
  StampExchange exchange{.sent = ticks::now()};
  mail.question.store(number, std::memory_order_release);  // pairs with answer_all's load
  std::uint64_t answer = 0;
  spin_until([&] { return (answer = mail.answer.load(std::memory_order_acquire)) != 0; });
  exchange.received = ticks::now();
  exchange.answered = answer;
  mail.answer.store(0, std::memory_order_relaxed);  // ordered before the next question's release
  return exchange;
}

void answer_all(StampMail& mail) {
  for (std::uint64_t seen = 0; seen != kLastQuestion;) {
    std::uint64_t question = 0;
    spin_until([&] { return (question = mail.question.load(std::memory_order_acquire)) != seen; });
    seen = question;
    // Pairs with the load in ask_once. The asker of the last question waits for nobody.
    if (seen != kLastQuestion) mail.answer.store(ticks::now(), std::memory_order_release);
  }
}

bool contains_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool starts = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t';
    if (starts && (end == text.size() || text[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

WarpReport check_warp(int cpu_a, int cpu_b, std::chrono::nanoseconds duration) {
  if (cpu_a == cpu_b) return {};
  WarpWatch watch;
  const auto end = SteadyClock::now() + duration;
  const auto alternate = [&] {
    constexpr int kReadsBetweenLooks = 100;
    do {
      for (int i = 0; i < kReadsBetweenLooks; ++i) watch.read_once();
    } while (SteadyClock::now() < end);
  };
  run_bound(cpu_a, alternate, cpu_b, alternate);
  return watch.report();
}

ClockOffset offset_from(std::span<const StampExchange> exchanges) {
  if (exchanges.empty()) throw std::invalid_argument("clock offset: no exchange");
  const auto round_trip = [](const StampExchange& e) { return e.received - e.sent; };
  const StampExchange& best = *std::min_element(
      exchanges.begin(), exchanges.end(),
      [&](const auto& a, const auto& b) { return round_trip(a) < round_trip(b); });
  const std::uint64_t middle = best.sent + round_trip(best) / 2;
  return {.ticks = static_cast<std::int64_t>(best.answered - middle),
          .bound_ticks = (round_trip(best) + 1) / 2,
          .exchanges = exchanges.size()};
}

ClockOffset measure_offset(int cpu_a, int cpu_b, std::chrono::nanoseconds duration) {
  if (cpu_a == cpu_b) return {};
  constexpr std::size_t kMostExchanges = 100'000;
  StampMail mail;
  std::vector<StampExchange> exchanges;
  exchanges.reserve(kMostExchanges);
  const auto ask = [&] {
    const auto end = SteadyClock::now() + duration;
    do {
      exchanges.push_back(ask_once(mail, exchanges.size() + 1));
    } while (exchanges.size() < kMostExchanges && SteadyClock::now() < end);
    mail.question.store(kLastQuestion, std::memory_order_release);
  };
  run_bound(cpu_a, ask, cpu_b, [&] { answer_all(mail); });
  return offset_from(exchanges);
}

bool has_invariant_counter(std::string_view cpuinfo) {
  bool any = false;
  while (!cpuinfo.empty()) {
    const auto end = cpuinfo.find('\n');
    const std::string_view line = cpuinfo.substr(0, end);
    cpuinfo.remove_prefix(end == std::string_view::npos ? cpuinfo.size() : end + 1);
    if (line.starts_with("Features")) any = true;  // arm64
    if (!line.starts_with("flags")) continue;
    any = true;
    if (!contains_word(line, "constant_tsc") || !contains_word(line, "nonstop_tsc")) return false;
  }
  return any;
}

}  // namespace ipcmark
