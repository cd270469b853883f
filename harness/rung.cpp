// What came of a rung's phases: stamps into windows, histograms and values.
#include "harness/rung.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cmath>

#include "harness/cast.hpp"
#include "harness/claims.hpp"
#include "transports/registry.hpp"

namespace ipcmark {

namespace {

void add_usage(std::optional<Usage>& sum, const Usage& more) {
  if (sum) {
    *sum += more;
  } else {
    sum = more;
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void RungMeter::take_shape(const Report& report) {
  if (report.buffer_bytes != 0) {
    result_.values["buffer_bytes_got"] = static_cast<double>(report.buffer_bytes);
  }
  if (report.page_bytes != 0) {
    result_.values["page_bytes_got"] = static_cast<double>(report.page_bytes);
  }
}

void RungMeter::take_probe(const std::array<Report, 2>& reports, const Stage& stage) {
  check_payload(reports, probe());
  require_true(probe(), reports, stage, scale_);
  slots_ = std::max(reports[0].slots, reports[1].slots);
  const bool asked = point_.pattern != Pattern::pour && point_.pattern != Pattern::pace;
  const std::size_t end = asked ? 0 : 1;
  const auto& report = reports[end];
  const auto stamps = stage.stamps(asked ? Role::client : Role::server)
                          .subspan(report.steps[0].stamped, report.steps[1].stamped);
  std::vector<double> each;
  for (std::size_t i = 1; i < stamps.size(); ++i) each.push_back(to_ns(stamps[i] - stamps[i - 1]));
  const double counted = asked ? 1 : static_cast<double>(report.steps[1].messages - lead());
  message_ns_ = std::max(median(each) / counted, 0.5);
  sequence_ += report.steps[0].messages + report.steps[1].messages;
}

void RungMeter::take_measure(const std::array<Report, 2>& reports, const Stage& stage) {
  check_payload(reports, last_);
  require_true(last_, reports, stage, scale_);
  const bool pouring = point_.pattern == Pattern::pour;
  const auto& timed = reports[pouring ? 1 : 0];
  const auto stamps = stage.stamps(pouring ? Role::server : Role::client);
  if (point_.pattern == Pattern::pace) {
    take_schedule(reports, stage);
  } else if (point_.pattern == Pattern::expire) {
    take_expiry(stamps.first(timed.steps[0].stamped));
  } else {
    std::uint64_t at = timed.steps[0].stamped;
    take_windows(timed.steps[1], stamps.subspan(at, timed.steps[1].stamped));
    result_.window_cpu_ns +=
        static_cast<double>(reports[0].steps[1].cpu_ns + reports[1].steps[1].cpu_ns);
    at += timed.steps[1].stamped;
    if (last_.step_count > 2) take_operations(stamps.subspan(at, timed.steps[2].stamped));
  }
  const std::uint32_t first = last_.step_count > 1 ? 1 : 0;  // without the warm-up
  for (std::size_t end = 0; end < 2; ++end) {
    add_usage(result_.role_usage[end], reports[end].usage);
    result_.role_cpus[end].insert(reports[end].cpu);
    result_.role_pages[end] |= reports[end].pages;
    for (std::uint32_t i = first; i < last_.step_count; ++i) {
      result_.role_messages[end] += reports[end].steps[i].messages;
      result_.role_cpu_ns[end] += reports[end].steps[i].cpu_ns;
    }
  }
  if (slots_ != 0) result_.values["slots"] = static_cast<double>(slots_);
}

void RungMeter::take_recheck(const std::array<Report, 2>& reports, const Stage& stage) {
  check_payload(reports, recheck());
  require_true(recheck(), reports, stage, scale_);
  sequence_ += reports[0].steps[0].messages;
}

void RungMeter::take_windows(const StepReport& step, std::span<const std::uint64_t> stamps) {
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    result_.window_ns_per_message.push_back(to_ns(stamps[i] - stamps[i - 1]) /
                                            static_cast<double>(result_.window_messages));
  }
  const std::uint64_t counted = step.messages - lead();
  result_.windowed += counted;
  result_.messages += counted;
  if (point_.pattern == Pattern::pour && stamps.size() > 1) {
    const double elapsed = to_ns(stamps.back() - stamps.front());
    result_.values["elapsed_ns"] += elapsed;
    result_.values["bytes_per_s"] = static_cast<double>(result_.windowed * point_.message_bytes) /
                                    result_.values["elapsed_ns"] * 1e9;
  }
}

void RungMeter::take_operations(std::span<const std::uint64_t> stamps) {
  auto& histogram = result_.histograms["round_trip_ns"];
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    histogram.record(static_cast<std::uint64_t>(std::llround(to_ns(stamps[i] - stamps[i - 1]))));
  }
  result_.messages += stamps.size() - 1;
}

void RungMeter::take_schedule(const std::array<Report, 2>& reports, const Stage& stage) {
  const std::uint64_t count = last_.steps[0].job.messages;
  const auto intended = stage.schedule().first(count);
  const auto sent = stage.stamps(Role::client).first(count);
  const auto arrived = stage.stamps(Role::server).first(count);
  auto& response = result_.histograms["response_ns"];
  auto& lag = result_.histograms[point_.batch == 1 ? "send_lag_ns" : "wait_ns"];
  const auto since = [&](std::uint64_t later, std::uint64_t earlier) {
    return later <= earlier ? 0 : static_cast<std::uint64_t>(std::llround(to_ns(later - earlier)));
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    response.record(since(arrived[i], intended[i]));
    lag.record(since(sent[i], intended[i]));
  }
  const double sends = static_cast<double>(count - 1);
  const double offered = sends / to_ns(intended.back() - intended.front()) * 1e9;
  // From the first intended send to the last arrival, less what the last message waited for its
  // batch on purpose.
  const double held = std::min(to_ns(std::max(sent.back(), intended.back()) - intended.back()),
                               static_cast<double>(point_.flush_ns));
  const double taken = to_ns(std::max(arrived.back(), intended.back()) - intended.front()) - held;
  const double achieved = sends / taken * 1e9;
  result_.values["offered_per_s"] = offered;
  result_.values["achieved_per_s"] = achieved;
  result_.values["overloaded"] = achieved < 0.99 * offered ? 1 : 0;
  result_.values["flushes"] += static_cast<double>(reports[0].steps[0].flushes);
  result_.messages += count;
  result_.values["batch_fill"] = static_cast<double>(result_.messages) / result_.values["flushes"];
  result_.values["cpu_ns_per_message"] =
      static_cast<double>(reports[0].steps[0].cpu_ns + reports[1].steps[0].cpu_ns) /
      static_cast<double>(count);
  result_.values["receiver_cpu_ns_per_message"] =
      static_cast<double>(reports[1].steps[0].cpu_ns) / static_cast<double>(count);
}

void RungMeter::take_expiry(std::span<const std::uint64_t> stamps) {
  auto& overshoot = result_.histograms["overshoot_ns"];
  result_.values.try_emplace("early", 0);
  // Roles inherit it; a sleep may be this much late without the kernel being at fault.
  result_.values["timer_slack_ns"] = static_cast<double>(::prctl(PR_GET_TIMERSLACK));
  for (const std::uint64_t stamp : stamps) {
    const auto late = static_cast<std::int64_t>(stamp);
    if (late < 0) result_.values["early"] += 1;
    overshoot.record(static_cast<std::uint64_t>(std::max<std::int64_t>(late, 0)));
  }
  result_.messages += stamps.size();
}

void RungMeter::check_payload(const std::array<Report, 2>& reports, const Order& order) const {
  if (!find_transport(point_.transport)->traits.carries_payload) return;
  for (std::size_t end = 0; end < 2; ++end) {
    for (std::uint32_t i = 0; i < order.step_count; ++i) {
      const auto& step = reports[end].steps[i];
      if (step.wrong == 0) continue;
      const std::string lengths =
          step.wrong_lengths == 0 ? "" : fmt::format(" ({} of another length)", step.wrong_lengths);
      throw PayloadWrong(fmt::format(
          "{}: {} of {} messages were not what was sent{} in {}, the first is number {}",
          end == 0 ? "client" : "server", step.wrong, step.messages, lengths,
          word(order.steps[i].phase), step.first_wrong));
    }
  }
}

}  // namespace ipcmark
