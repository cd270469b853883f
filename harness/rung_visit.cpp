#include "harness/rung_visit.hpp"

#include <algorithm>

#include "harness/call_counter.hpp"
#include "harness/counter_plan.hpp"
#include "harness/launch.hpp"
#include "harness/one_way.hpp"

namespace ipcmark {

void RungVisitor::visit(std::size_t i, RungRecord& record) {
  if (effect_ != nullptr) return stage_effect(i, record);
  if (director_.spec().reading == Reading::counters) return count_events(i, record);
  director_.spec().reading == Reading::system_calls ? count(i, record) : measure(i, record);
}

void RungVisitor::count(std::size_t i, RungRecord& record) {
  RungMeter& meter = *record.meter;
  const Stage& stage = director_.stage();
  director_.reshape(i, meter);
  meter.take_probe(director_.perform(meter.probe(), Phase::verify, meter.probe_ns()), stage);
  const Order order = meter.count();
  const std::int64_t patience = director_.deadline(meter.expected_ns());
  CallCounter counter(director_.cast().threads());
  const auto reports = director_.perform(order, Phase::measure, meter.expected_ns());
  meter.take_count(reports, counter.finish(deadline_in(static_cast<std::uint64_t>(patience))),
                   stage);
  record.counted_by = counter.means();
  record.done = true;
}

void RungVisitor::count_events(std::size_t i, RungRecord& record) {
  const CounterPlan& plan = record.counters.value();
  if (plan.counts_nothing()) {
    record.refused = plan.why_missing();
    return;
  }
  RungMeter& meter = *record.meter;
  const Stage& stage = director_.stage();
  director_.reshape(i, meter);
  meter.take_probe(director_.perform(meter.probe(), Phase::verify, meter.probe_ns()), stage);
  const auto passes = std::max<std::size_t>(plan.passes.size(), 1);  // accounts alone are one
  for (std::int32_t pass = 0; static_cast<std::size_t>(pass) < passes; ++pass) {
    Order order = meter.count_events(pass);
    order.rung = static_cast<std::uint32_t>(i);
    meter.take_events(director_.perform(order, Phase::measure, meter.expected_ns()), plan, pass,
                      stage);
  }
  meter.normalise_events();
  record.done = true;
}

void RungVisitor::stage_effect(std::size_t i, RungRecord& record) {
  record.canary_before = canary_.measure();
  record.watch.begin(machine_);
  try {
    effect_->measure(i, director_, record.meter->result());
  } catch (const Unavailable& missing) {  // of this rung, before its roles were told
    record.refused = missing.what();
  }
  record.watch.end();
  record.canary_after = canary_.measure();
  record.done = record.refused.empty();
}

void RungVisitor::measure(std::size_t i, RungRecord& record) {
  RungMeter& meter = *record.meter;
  const Stage& stage = director_.stage();
  record.canary_before = canary_.measure();
  record.watch.begin(machine_);
  director_.reshape(i, meter);
  if (meter.point().delay_ns != 0) delay_.inject(i, meter);
  meter.take_probe(director_.perform(meter.probe(), Phase::verify, meter.probe_ns()), stage);
  if (meter.fills()) fill(meter);
  record.refused = meter.too_wide();
  if (!record.refused.empty()) return;
  time(i, record);
  record.watch.end();
  record.canary_after = canary_.measure();
  check_clocks(record);
  meter.take_recheck(director_.perform(meter.recheck(), Phase::close, meter.probe_ns()), stage);
  record.done = record.visits == (director_.spec().mirrored ? 2 : 1);
}

void RungVisitor::time(std::size_t i, RungRecord& record) {
  RungMeter& meter = *record.meter;
  const Stage& stage = director_.stage();
  const bool mixed = meter.point().mixed();
  if (mixed) stream(meter);
  if (director_.spec().reading == Reading::under_way) {
    meter.take_dry(director_.tell(Role::client, meter.dry(), Phase::calibrate));
  }
  // Cases of several sizes are compared message by message: one schedule for all of them.
  const Order order = meter.measure(stage, mixed ? sizes_seed() : director_.spec().seed + i);
  third_.work();
  meter.take_measure(director_.perform(order, Phase::measure, meter.expected_ns()), stage);
  third_.stop();
  if (meter.point().third_parties() > 0) record.third_parties = third_.to_json();
  if (meter.point().delay_ns != 0) delay_.note(meter);
}

void RungVisitor::check_clocks(RungRecord& record) const {
  const double bound = clock_offset_bound_ns(director_.spec(), canary_.fastest_ns());
  const Pattern pattern = record.meter->point().pattern;
  if (pattern == Pattern::pace) check_response_times(record, bound, director_.spec().reading);
  if (pattern == Pattern::deal) check_delivery_times(record, bound);
}

void RungVisitor::fill(RungMeter& meter) {
  fill_one_way(meter, Role::client, Role::server);
  if (meter.point().reply_bytes > 0) fill_one_way(meter, Role::server, Role::client);
}

void RungVisitor::fill_one_way(RungMeter& meter, Role from, Role to) {
  const Report filled = director_.tell(from, meter.fill(), Phase::verify);
  const std::uint64_t messages = filled.steps[0].messages;
  if (messages > 0) {
    const Report emptied = director_.tell(to, meter.empty(messages), Phase::verify);
    meter.take_emptied({&emptied, 1});
  }
  meter.take_filled(filled, director_.stage().stamps(from));
}

void RungVisitor::stream(RungMeter& meter) {
  const Order order = meter.stream(director_.stage(), sizes_seed());
  meter.take_stream(director_.perform(order, Phase::warm_up, meter.expected_ns()),
                    director_.stage());
}

std::uint64_t RungVisitor::sizes_seed() const {
  return director_.spec().settings.seed + director_.spec().block;
}

}  // namespace ipcmark
