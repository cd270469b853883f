#include "harness/record.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/ipc_space.hpp"
#include "harness/launch.hpp"
#include "harness/maybe_count.hpp"
#include "harness/words.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

using nlohmann::json;

// Four significant digits beyond the noise of any window; a run's folder is read by people and
// stored by CI.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10, 5 - std::ceil(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

json rounded(const std::vector<double>& values) {
  json all = json::array();
  for (const double value : values) all.push_back(rounded(value));
  return all;
}

const char* quantity_of(const Case& point, Reading reading) {
  const bool alone = point.victim != Victim::none && point.victim != Victim::traffic;
  if (alone) return "trigger_ns";
  switch (point.structure) {
    case Structure::words:
    case Structure::stack:
      return "operation_ns";
    case Structure::indices:
      return "stream_ns_per_message";
    case Structure::message_passing:
    case Structure::store_buffering:
      return "litmus_ns";
    case Structure::stalled_pop:
      return "update_ns";
    default:
      break;
  }
  if (point.pointers != Pointers::none) return "hop_ns";
  if (reading == Reading::system_calls) return "system_calls_per_message";
  if (reading == Reading::counters) return "events_per_message";
  if (reading == Reading::life_cycle) return "cycle_ns";
  switch (point.pattern) {
    case Pattern::pace:
      return "response_ns";
    case Pattern::pour:
      return "stream_ns_per_message";
    case Pattern::expire:
      return "overshoot_ns";
    case Pattern::window:
      return "turnaround_ns";
    case Pattern::deal:
      return "delivery_ns";
    case Pattern::detect:
      return "detection_ns";
    case Pattern::overtake:
      return "urgent_ns";
    default:
      return "round_trip_ns";
  }
}

json metric_of(const Case& point, Reading reading, const Traits& traits) {
  const bool open = point.pattern == Pattern::pace;
  const bool effect = plays_effect(reading) && point.victim != Victim::traffic;  // no channel
  const bool queued = traits.has_threshold &&
                      static_cast<std::int64_t>(point.message_bytes) <= point.threshold_bytes;
  const int copies =
      point.access == Access::in_place && !queued ? traits.copies_in_place : traits.copies;
  return {{"quantity", quantity_of(point, reading)},
          {"loop", open ? "open" : "closed"},
          {"asked_bytes", point.message_bytes},
          {"answered_bytes", point.reply_bytes},
          {"touched_by", point.touch == Touch::full ? "both" : word(point.touch)},
          {"copies", effect ? 0 : copies},
          {"verified", traits.carries_payload}};
}

// Both ends on one CPU were put there by their placement; three roles on two CPUs had no choice.
json oversubscription(const LaunchSpec& spec) {
  const Crowding crowding = crowding_of(spec);
  if (crowding.roles == 2 || crowding.most < 2) return nullptr;
  return {{"roles", crowding.roles}, {"cpus", crowding.cpus}};
}

json canary_of(const CanaryReading& before, const CanaryReading& after) {
  json canary = {{"before_ns", rounded(before.handoff_ns)},
                 {"after_ns", rounded(after.handoff_ns)}};
  if (before.interrupt_ns) canary["interrupt_before_ns"] = rounded(*before.interrupt_ns);
  if (after.interrupt_ns) canary["interrupt_after_ns"] = rounded(*after.interrupt_ns);
  return canary;
}

json skeleton(const LaunchSpec& spec, const Case& point, int rung) {
  const Transport* transport = find_transport(point.transport);
  json line = {{"schema", kSchema},
               {"experiment", spec.experiment},
               {"block", spec.block},
               {"launch_id", spec.launch_id},
               {"launch_order", spec.launch_order},
               {"rung", rung},
               {"status", "ok"},
               {"reason", ""},
               {"case", record_case(point)},
               {"metric", metric_of(point, spec.reading,
                                    transport != nullptr ? transport->traits : Traits{})},
               {"messages", 0},
               {"windows", nullptr},
               {"histograms", json::object()},
               {"values", json::object()},
               {"roles", json::array()},
               {"canary", nullptr},
               {"warmup", {{"ns", 0}, {"messages", 0}}},
               {"machine", nullptr},
               {"ipc_limits", nullptr}};
  if (const auto shared = oversubscription(spec); !shared.is_null())
    line["oversubscribed"] = shared;
  return line;
}

// Counts of one end, and what the kernel says of it and of its CPU.
void add_counters(json& role, const Counted& accounts, const RungResult::OfRole& of_role,
                  const CounterPlan& plan) {
  role.update(to_json(accounts.usage));
  role["interrupts"] = interrupts_to_json(accounts.interrupts);
  role["counters"] = json::object();
  for (const auto& [counter, parts] : of_role.counters) {
    for (const auto& [part, count] : parts) role["counters"][counter][part] = or_null(count);
  }
  std::string missing = plan.why_missing();
  if (!missing.empty() && !of_role.counters_missing.empty()) missing += "; ";
  missing += of_role.counters_missing;
  if (!missing.empty()) role["counters_missing"] = missing;
}

json role_of(const LaunchSpec& spec, const Case& point, const RungRecord& record,
             const RungResult& result, std::size_t end) {
  const bool client = end < point.producers;
  const auto index = static_cast<std::uint32_t>(client ? end : end - point.producers);
  const RungResult::OfRole& of_role = result.roles[end];
  json role = {{"role", word(client ? Role::client : Role::server)},
               {"index", index},
               {"pid", record.pids[end]},
               {"cpu", cpu_of(spec, client ? Role::client : Role::server, index)},
               {"cpus_seen", of_role.cpus},
               {"messages", of_role.messages}};
  role.update(to_json(of_role.pages));
  if (of_role.system_calls) {
    role["system_calls"] = to_json(*of_role.system_calls);
    role["counted_by"] = record.counted_by;
  }
  if (of_role.accounts) add_counters(role, *of_role.accounts, of_role, record.counters.value());
  if (!is_timed(spec.reading)) return role;
  role.update(to_json(of_role.usage.value_or(Usage{})));
  role["cpu_ns"] = of_role.cpu_ns;  // of the measured phases alone
  return role;
}

json windows_of(const RungResult& result) {
  if (result.window_ns_per_message.empty()) return nullptr;
  return {
      {"messages_each", result.window_messages},
      {"ns_per_message", rounded(result.window_ns_per_message)},
      {"cpu_ns_per_message", rounded(result.window_cpu_ns / static_cast<double>(result.windowed))}};
}

}  // namespace

json record_of(const LaunchSpec& spec, const Case& point, RungRecord& record) {
  json line = skeleton(spec, point, record.rung);
  if (!record.refused.empty() || !record.failed.empty() || !record.done) {
    const bool skipped = !record.refused.empty();
    line["status"] = skipped ? "skipped" : "failed";
    line["reason"] = skipped                 ? record.refused
                     : record.failed.empty() ? "not reached"
                                             : record.failed;
    return line;
  }
  if (point.ipc_limits == IpcLimits::private_) line["ipc_limits"] = ipc_limits_now();
  const RungResult& result = record.meter->result();
  line["messages"] = result.messages;
  line["windows"] = windows_of(result);
  for (const auto& [name, histogram] : result.histograms)
    line["histograms"][name] = histogram.to_json();
  for (const auto& [name, value] : result.values) {
    // What is counted in bytes is exact: 2097152 is no measurement.
    line["values"][name] = name.ends_with("_bytes_got") ? value : rounded(value);
  }
  for (const auto& [name, count] : result.counts) line["values"][name] = count;
  for (const auto& [name, values] : result.rounds) line["rounds"][name] = rounded(values);
  for (std::size_t end = 0; end < result.roles.size(); ++end) {
    line["roles"].push_back(role_of(spec, point, record, result, end));
  }
  if (record.counters) {
    for (const auto& [counter, event] : record.counters->events) line["events"][counter] = event;
  }
  if (!record.third_parties.is_null()) line["third_parties"] = record.third_parties;
  if (record.canary_before) line["canary"] = canary_of(*record.canary_before, *record.canary_after);
  if (!is_timed(spec.reading)) return line;
  line["machine"] = to_json(record.watch.counts());
  line["warmup"] = {{"ns", result.warm_up_ns}, {"messages", result.warm_up_messages}};
  return line;
}

json failed_record(const LaunchSpec& spec, const Case& point, const std::string& why) {
  json line = skeleton(spec, point, -1);
  line["status"] = "failed";
  line["reason"] = why;
  return line;
}

}  // namespace ipcmark
