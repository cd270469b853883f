// What came of a rung's phases: stamps into windows, histograms and values.
#include "harness/rung.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/cast.hpp"
#include "harness/claims.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

void add_usage(std::optional<Usage>& sum, const Usage& more) {
  if (sum) {
    *sum += more;
  } else {
    sum = more;
  }
}

// Messages before the first window, and as many after the last: of a window's rungs only.
std::uint64_t filling(const Job& job) { return job.window > 1 ? job.lead : 0; }

double upper_median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void RungMeter::take_shapes(Reports reports) {
  for (const Report& report : reports) {
    timer_slack_ns_ = std::max(timer_slack_ns_, report.timer_slack_ns);
    if (report.buffer_bytes != 0) {
      result_.values["buffer_bytes_got"] = static_cast<double>(report.buffer_bytes);
    }
    if (report.page_bytes != 0) {
      result_.values["page_bytes_got"] = static_cast<double>(report.page_bytes);
    }
  }
}

bool RungMeter::lossy() const { return find_transport(point_.transport)->traits.lossy; }

void RungMeter::take_probe(Reports reports, const Stage& stage) {
  check(reports, probe());
  require_true(probe(), reports, stage, scale_, lossy());
  for (std::size_t client = 0; client < first_server(); ++client) {
    for (const auto& step : reports[client].steps) sequence_ += step.messages;
  }
  if (point_.pattern == Pattern::deal) return take_deal_probe(reports, stage);
  for (const Report& report : reports) slots_ = std::max(slots_, report.slots);
  const bool asked = probe().steps[1].part == Part::ask;
  const auto& report = reports[asked ? 0 : first_server()];
  const auto stamps = stage.stamps(asked ? Role::client : Role::server)
                          .subspan(report.steps[0].stamped, report.steps[1].stamped);
  std::vector<double> each;
  for (std::size_t i = 1; i < stamps.size(); ++i) each.push_back(to_ns(stamps[i] - stamps[i - 1]));
  const auto counted = static_cast<double>(probe().steps[1].job.messages_each);
  if (!each.empty()) message_ns_ = std::max(upper_median(each) / counted, 0.5);
  message_ns_ += static_cast<double>(point_.think_ns);  // the probe's server does not think
}

void RungMeter::take_measure(Reports reports, const Stage& stage) {
  check(reports, last_);
  if (last_.lead_ticks != 0) last_.steps[0].job.origin_ticks = stage.origin().load();
  require_true(last_, reports, stage, scale_, lossy());
  const auto& timed = reports[0];
  const auto stamps = stage.stamps(Role::client);
  if (point_.pattern == Pattern::pace) {
    take_schedule(reports, stage);
  } else if (point_.pattern == Pattern::overtake) {
    take_overtaking(reports, stage);
  } else if (point_.pattern == Pattern::expire) {
    take_expiry(stamps.first(timed.steps[0].stamped));
  } else if (point_.pattern == Pattern::deal) {
    take_deal(reports, stage);
  } else if (point_.pattern == Pattern::retry) {
    take_retries(timed, stamps.subspan(timed.steps[0].stamped, timed.steps[1].stamped));
  } else {
    const bool pouring = point_.pattern == Pattern::pour;
    const std::uint64_t at = timed.steps[0].stamped, before = result_.windowed;
    take_windows(pouring ? drained_windows(reports, stage)
                         : windows_of(stamps.subspan(at, timed.steps[1].stamped)));
    if (point_.think_ns != 0) take_thoughts(stage, result_.windowed - before);
    // Without the share of what came before and after the windows.
    const Job& batched = last_.steps[1].job;
    const double windowed = static_cast<double>(batched.messages - 2 * filling(batched)) /
                            static_cast<double>(batched.messages);
    for (const Report& report : reports) {
      result_.window_cpu_ns += windowed * static_cast<double>(report.steps[1].cpu_ns);
    }
    if (point_.pattern == Pattern::window) {
      take_responses(stamps.subspan(at + timed.steps[1].stamped, timed.steps[2].stamped),
                     last_.steps[2].job.lead);
    } else if (last_.step_count > 2) {
      take_operations(stamps.subspan(at + timed.steps[1].stamped, timed.steps[2].stamped));
    }
    if (lossy() && pouring) add_losses(reports[first_server()].steps[1]);
  }
  const std::uint32_t first = last_.step_count > 1 ? 1 : 0;  // without the warm-up
  result_.roles.resize(reports.size());
  for (std::size_t end = 0; end < reports.size(); ++end) {
    RungResult::OfRole& role = result_.roles[end];
    add_usage(role.usage, reports[end].usage);
    role.cpus.insert(reports[end].cpu);
    role.pages |= reports[end].pages;
    for (std::uint32_t i = first; i < last_.step_count; ++i) {
      if (point_.pattern != Pattern::deal) role.messages += reports[end].steps[i].messages;
      role.cpu_ns += reports[end].steps[i].cpu_ns;
    }
  }
  if (slots_ != 0) result_.values["slots"] = static_cast<double>(slots_);
  if (point_.stall_ns == 0) return;
  for (const StepReport& step : reports[first_server()].steps) {
    result_.values["stall_achieved_ns"] += to_ns(step.stalled_ticks);
  }
}

void RungMeter::take_recheck(Reports reports, const Stage& stage) {
  check(reports, recheck());
  require_true(recheck(), reports, stage, scale_, lossy());
  sequence_ += recheck().steps[0].job.messages;
}

RungMeter::Windows RungMeter::windows_of(std::span<const std::uint64_t> stamps) const {
  Windows windows;
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    windows.lengths.push_back(static_cast<double>(stamps[i] - stamps[i - 1]));
  }
  if (!stamps.empty()) windows.all = static_cast<double>(stamps.back() - stamps.front());
  return windows;
}

// Of several consumers each stamps its own share of a window at its own pace: a window is as long
// as theirs are on average, all of them together last from the first stamp of any to the last.
RungMeter::Windows RungMeter::drained_windows(Reports reports, const Stage& stage) const {
  Windows windows;
  std::uint64_t from = kNever, to = 0;
  for (std::uint32_t i = 0; i < point_.consumers; ++i) {
    const Report& report = reports[first_server() + i];
    const auto stamps =
        stage.stamps(Role::server, i).subspan(report.steps[0].stamped, report.steps[1].stamped);
    const Windows own = windows_of(stamps);
    // What is lost makes windows fewer; what comes after the last whole one has no time.
    if (own.lengths.empty()) {
      throw LaunchFailed(
          fmt::format("{} messages arrived and {} were lost: less than a window of {}",
                      report.steps[1].messages, report.steps[1].lost, result_.window_messages));
    }
    windows.lengths.resize(own.lengths.size());
    for (std::size_t w = 0; w < own.lengths.size(); ++w) {
      windows.lengths[w] += own.lengths[w] / point_.consumers;
    }
    from = std::min(from, stamps.front()), to = std::max(to, stamps.back());
  }
  windows.all = static_cast<double>(to - from);
  return windows;
}

void RungMeter::take_windows(const Windows& windows) {
  for (const double length : windows.lengths) {
    result_.window_ns_per_message.push_back(length / scale_.ticks_per_ns /
                                            static_cast<double>(result_.window_messages));
  }
  const std::uint64_t counted = windows.lengths.size() * result_.window_messages;
  result_.windowed += counted;
  result_.messages += counted;
  if (point_.pattern == Pattern::pour) {
    result_.values["elapsed_ns"] += windows.all / scale_.ticks_per_ns;
    result_.values["bytes_per_s"] = static_cast<double>(result_.windowed * point_.message_bytes) /
                                    result_.values["elapsed_ns"] * 1e9;
  }
}

void RungMeter::add_losses(const StepReport& step) {
  result_.values["sent"] += static_cast<double>(step.messages + step.lost);
  result_.values["lost"] += static_cast<double>(step.lost);
  result_.values["duplicated"] += static_cast<double>(step.duplicated);
  result_.values["reordered"] += static_cast<double>(step.reordered);
  if (step.drops) result_.values["kernel_drops"] += static_cast<double>(*step.drops);
}

void RungMeter::take_operations(std::span<const std::uint64_t> stamps) {
  auto& histogram = result_.histograms["round_trip_ns"];
  for (std::size_t i = 1; i < stamps.size(); ++i) {
    histogram.record(static_cast<std::uint64_t>(std::llround(to_ns(stamps[i] - stamps[i - 1]))));
  }
  result_.messages += stamps.size() - 1;
}

}  // namespace ipcmark
