// What roles report, and the stamps that they write meanwhile: both are foreign code's to make up.
// A launch believes them or fails; it never reads past what there is.
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/socket.h>

#include <array>
#include <nlohmann/json.hpp>

#include "harness/cast.hpp"
#include "harness/claims.hpp"
#include "harness/record.hpp"
#include "harness/rung.hpp"

namespace {

using namespace ipcmark;

constexpr TimeScale kScale{.ticks_per_ns = 2, .quantum_ns = 1};
constexpr std::array kPatterns{Pattern::ping, Pattern::pour, Pattern::pace, Pattern::expire};

Case some_case(FuzzedDataProvider& from) {
  Case point;
  point.transport = from.ConsumeBool() ? "pipe" : "null";
  point.pattern = from.PickValueInArray(kPatterns);
  point.message_bytes = from.ConsumeIntegralInRange<std::uint64_t>(1, 1 << 20);
  if (point.pattern == Pattern::pour || point.pattern == Pattern::pace) {
    point.batch = from.ConsumeIntegralInRange<std::uint32_t>(1, 64);
  }
  if (point.pattern == Pattern::pace) point.rate_per_s = 1 + from.ConsumeIntegral<std::uint16_t>();
  if (point.pattern == Pattern::expire) point.timeout_ns = from.ConsumeIntegral<std::uint32_t>();
  return point;
}

// Mostly what was asked for, so that something gets past the checks.
std::uint64_t near(FuzzedDataProvider& from, std::uint64_t right) {
  return from.ConsumeProbability<float>() < 0.9f ? right : from.ConsumeIntegral<std::uint64_t>();
}

Report some_report(FuzzedDataProvider& from, const Order& order, std::size_t end,
                   std::span<std::uint64_t> stamps) {
  Report report;
  std::uint64_t now = 1000;
  std::size_t used = 0;
  for (std::uint32_t i = 0; i < order.step_count; ++i) {
    const Step& step = order.steps[i];
    const std::uint64_t each = std::max<std::uint64_t>(1, step.job.messages_each);
    const bool each_one = step.part == Part::pace || step.part == Part::expire;
    const bool quiet = (step.part == Part::ask || step.part == Part::expire) == (end == 1);
    const std::uint64_t lead = step.part == Part::pour ? step.job.lead : 0;
    const std::uint64_t due = each_one ? step.job.messages
                              : quiet  ? 0
                                       : 1 + (step.job.messages - lead) / each;
    StepReport& told = report.steps[i];
    told.began_ticks = near(from, now);
    const std::uint64_t width = from.ConsumeIntegralInRange<std::uint64_t>(0, 1 << 12);
    for (std::uint64_t k = 0; k < due && used < stamps.size(); ++k) {
      stamps[used++] = each_one ? k * width : (now += width);
    }
    if (used > 0 && from.ConsumeBool()) {
      stamps[from.ConsumeIntegralInRange<std::size_t>(0, used - 1)] =
          from.ConsumeIntegral<std::uint64_t>();
    }
    told.ended_ticks = near(from, each_one ? step.job.origin_ticks + due * width : now);
    told.stamped = near(from, due);
    told.messages = near(from, step.job.messages);
    told.wrong = near(from, 0);
    told.flushes = from.ConsumeIntegral<std::uint64_t>();
    told.cpu_ns = from.ConsumeIntegral<std::uint64_t>();
  }
  report.slots = from.ConsumeIntegral<std::uint64_t>();
  report.buffer_bytes = from.ConsumeIntegral<std::uint64_t>();
  report.cpu = from.ConsumeIntegral<std::int32_t>();
  report.pages.error = from.ConsumeIntegral<std::int32_t>();
  return report;
}

std::array<Report, 2> answers(FuzzedDataProvider& from, const Order& order, const Stage& stage) {
  std::array<Report, 2> reports{some_report(from, order, 0, stage.stamps(Role::client)),
                                some_report(from, order, 1, stage.stamps(Role::server))};
  require_within(order, reports, near(from, kNever), kScale);
  return reports;
}

void visit(FuzzedDataProvider& from, const Stage& stage) {
  RunSettings settings;
  settings.measure_ns = 1 + from.ConsumeIntegral<std::uint32_t>();
  settings.windows = 1 + from.ConsumeIntegral<std::uint8_t>();
  RungMeter meter(some_case(from), settings, kScale, 1);
  const Order probe = meter.probe();
  meter.take_probe(answers(from, probe, stage), stage);
  const Order order = meter.measure(stage, from.ConsumeIntegral<std::uint64_t>());
  meter.take_measure(answers(from, order, stage), stage);
}

// What a control socket hands over is a report, or its other side is no partner any more.
void hear(FuzzedDataProvider& from) {
  const auto [ours, theirs] = ControlSocket::pair();
  std::vector<std::uint8_t> bytes(sizeof(Report), 0);
  const auto said = from.ConsumeRandomLengthString(sizeof(Report) + 8);
  const bool whole = from.ConsumeBool();
  std::copy_n(said.begin(), std::min(said.size(), bytes.size()), bytes.begin());
  if (::write(theirs.fd(), whole ? reinterpret_cast<const char*>(bytes.data()) : said.data(),
              whole ? bytes.size() : said.size()) < 0) {
    return;
  }
  static_cast<void>(::shutdown(theirs.fd(), SHUT_WR));
  const auto report = ours.recv_report();
  if (report && report->text.back() != '\0') std::abort();
  if (report.has_value() != (whole || said.size() == sizeof(Report))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Stage stage(1, 1);
  FuzzedDataProvider from(data, size);
  try {
    if (from.ConsumeBool()) {
      hear(from);
    } else {
      visit(from, stage);
    }
  } catch (const LaunchFailed&) {  // a wrong payload is one of them
  }
  return 0;
}
