#include "harness/experiment.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <span>
#include <stdexcept>

#include "harness/axes.hpp"
#include "harness/sizes.hpp"
#include "transports/pages.hpp"
#include "transports/registered.hpp"

namespace ipcmark {
namespace {

std::vector<Experiment>& entries() {
  static std::vector<Experiment> all;  // built by the first RegisterExperiment
  return all;
}

// An axis with the values it takes in this expansion.
struct AxisValues {
  const Axis* axis;
  std::vector<std::string> texts;
};

AxisValues values_of(const Axis& axis, const Experiment& experiment, const Axes& plan) {
  AxisValues values{&axis, {}};
  for (const Axes* source : {&plan, &experiment.defaults}) {
    const auto found = source->find(axis.name);
    if (found == source->end()) continue;
    for (const std::string& text : found->second) {
      for (std::string& value : axis.values(text)) values.texts.push_back(std::move(value));
    }
    return values;
  }
  values.texts = {axis.read(Case{})};
  // Nobody named one, so it is all of them.
  if (values.texts[0].empty()) values.texts = axis.words();
  return values;
}

// Calls `visit` for every point of the product, the first axis slowest.
void product(std::span<const AxisValues> values, Case& point,
             const std::function<void(const Case&)>& visit) {
  if (values.empty()) return visit(point);
  for (const std::string& text : values[0].texts) {
    values[0].axis->write(point, text);
    product(values.subspan(1), point, visit);
  }
}

// A product is as long as a plan makes it: one that no machine could measure would fill its memory
// first. The largest table of a shipped plan has some tens of thousands.
constexpr std::uint64_t kMostPoints = 1 << 20;

void require_countable(std::span<const AxisValues> outer, std::span<const AxisValues> inner) {
  std::uint64_t points = 1;
  for (const auto part : {outer, inner}) {
    for (const AxisValues& values : part) {
      points *= values.texts.size();
      if (points <= kMostPoints) continue;
      throw std::invalid_argument("more than " + std::to_string(kMostPoints) +
                                  " points, with this many of " + std::string(values.axis->name) +
                                  ": write fewer values, or several tables");
    }
  }
}

// Sets threshold and path by each other; false where the path means nothing for the transport.
bool settle_path(Case& point, bool has_threshold) {
  if (!has_threshold) {
    point.path = Path::raw;
    point.threshold_bytes = -1;
    return true;
  }
  switch (point.path) {
    case Path::raw:
      return false;
    case Path::queue:
      point.threshold_bytes = Case::kInfinite;
      return true;
    case Path::shm:
      point.threshold_bytes = 0;
      return true;
    case Path::fixed:
      return point.threshold_bytes >= 0;
    case Path::automatic:
      point.threshold_bytes = -1;  // filled in between blocks, when it has been measured
      return true;
  }
  return false;
}

void settle_pattern(Case& point) {
  const bool paced = point.pattern == Pattern::pace;
  const bool dealt = point.pattern == Pattern::deal;
  const bool batched = paced || dealt || point.pattern == Pattern::pour;
  if (!batched) point.batch = 1;
  if (point.pattern != Pattern::window) point.window = 1;
  if (!dealt) point.credits = 0, point.pause_ns = 0, point.full = Full::block;
  // One consumer has every queue for itself.
  if (!dealt || point.consumers == 1) point.sharing = Sharing::any;
  if (!paced) point.rate_per_s = 0, point.schedule = Schedule::closed, point.sizes = "one";
  point.message_bytes = sizes::largest(point.sizes, point.message_bytes);
  if (!paced || point.batch == 1) point.flush_ns = kNever;  // a batch of one is always full
  const bool overtakes = point.pattern == Pattern::overtake;
  if (!overtakes) point.backlog = 0, point.precedence = Precedence::none;
  if (batched || overtakes) point.reply_bytes = 0, point.timeout_ns = kNever;
  // Single messages of one size have a time of their own that a stall can show in; streams and
  // backlogs have not.
  const bool timed = !overtakes && !point.mixed() && point.pattern != Pattern::pour;
  if (!timed || point.pattern == Pattern::expire) point.stall_ns = 0;
  if (point.wait != Wait::spin_then_block) point.spin_budget_ns = 0;
  if (!paced || point.batch > 1) point.poll_interval_ns = 0;
  if (point.pattern != Pattern::ask && point.pattern != Pattern::retry) point.think_ns = 0;
  if (point.pattern != Pattern::detect) point.peer = PeerFate::lives;
}

// What nobody does is not told apart.
void settle_third_parties(Case& point) {
  const Case neutral;
  if (point.bystanders == 0) point.bystander = neutral.bystander;
  if (point.injectors == 0) point.injections_per_s = neutral.injections_per_s;
  if (point.third_parties() == 0) point.beside = neutral.beside;
}

// Fields of one structure mean nothing for another, and none of them where there is none.
void settle_structure(Case& point) {
  if (point.structure != Structure::words) {
    point.operation = Operation::none;
    point.neighbour = Neighbour::none;
  }
  const bool written = point.structure == Structure::state || point.structure == Structure::payload;
  if (!written) point.private_writes = 0;
  if (point.structure == Structure::none) {
    point.distance_bytes = point.offset_bytes = 0;
    if (point.bottleneck == Bottleneck::none) point.pace_ns = 0;
  }
  using enum Structure;
  const bool litmus = point.structure == message_passing || point.structure == store_buffering;
  if (!litmus) point.rounds = 0;
  if (!litmus && point.structure != state && point.structure != indices) {
    point.publication = Publication::none;
  }
  if (point.structure != stack && point.structure != stalled_pop) point.counter_bits = 0;
  if (point.structure != stalled_pop) point.advance = Advance::none;
}

// A trigger's axes mean nothing without a victim, and some of them nothing for some triggers.
void settle_trigger(Case& point) {
  const bool struck = point.victim != Victim::none;
  if (!struck) point.trigger = Trigger::none;
  if (point.victim != Victim::traffic || point.pattern != Pattern::pour) {
    point.bottleneck = Bottleneck::none;
  }
  using enum Trigger;
  const bool pages = point.trigger != none && point.trigger != membarrier &&
                     point.trigger != collapse;  // which is one huge page
  const bool mapped = pages && point.trigger != own_mapping;
  if (!pages) point.flush_pages = 0;
  if (!mapped && point.trigger != collapse) point.mappings = 0;
  if (point.victim != Victim::chase && point.pointers == Pointers::none) point.working_pages = 0;
  if (point.victim != Victim::traffic || point.trigger == none) point.trigger_rate_per_s = 0;
}

// Names what a transport does where nothing is said, so that a record says it. What is asked of a
// transport that has nothing of the kind stays: it is refused, not forgotten.
void settle_defaults(Case& point, const Traits& traits) {
  if (traits.shares_memory && point.page_bytes == 0) point.page_bytes = base_page_bytes();
  if (traits.has_address && point.address == Address::none) point.address = Address::pair;
  // A backlog, with the urgent message behind it, has to fit.
  if (traits.takes_depth && point.backlog != 0 && point.depth == 0) point.depth = point.backlog + 1;
  if (traits.has_nodelay && point.nodelay == NoDelay::none) point.nodelay = NoDelay::on;
}

// One writing of what means the same, so that duplicates are seen; false drops the point.
bool settle(Case& point) {
  const Transport* transport = find_transport(point.transport);
  const Traits traits = transport != nullptr ? transport->traits : Traits{};
  settle_pattern(point);
  settle_third_parties(point);
  settle_trigger(point);
  settle_structure(point);
  if (!traits.shares_memory) {
    point.backing = Backing::none;
    point.home = Role::client;
  } else if (point.backing == Backing::none) {
    point.backing = Backing::memfd;  // shared memory comes from somewhere
  }
  settle_defaults(point, traits);
  if (traits.carries_payload) point.delay_ns = 0;
  return settle_path(point, traits.has_threshold);
}

}  // namespace

const std::vector<Experiment>& experiments() { return entries(); }

std::vector<std::string> experiment_names() {
  std::vector<std::string> names;
  for (const Experiment& experiment : entries()) names.emplace_back(experiment.name);
  return names;
}

const Experiment* find_experiment(std::string_view name) {
  const auto found = std::ranges::find(entries(), name, &Experiment::name);
  return found == entries().end() ? nullptr : &*found;
}

RegisterExperiment::RegisterExperiment(Experiment experiment) {
  auto& all = entries();
  const auto at = std::ranges::lower_bound(all, experiment.name, {}, &Experiment::name);
  all.insert(at, std::move(experiment));
}

std::vector<LaunchPlan> expand(const Experiment& experiment, const Axes& plan) {
  std::vector<AxisValues> outer, inner;
  for (const Axis& axis : axes()) {
    if (std::ranges::find(experiment.ladder, axis.name) == experiment.ladder.end()) {
      outer.push_back(values_of(axis, experiment, plan));
    }
  }
  for (const std::string& name : experiment.ladder) {
    inner.push_back(values_of(*find_axis(name), experiment, plan));
  }
  require_countable(outer, inner);
  std::vector<LaunchPlan> launches;
  std::set<std::string> seen;
  Case start;
  product(outer, start, [&](const Case& base) {
    LaunchPlan launch{std::string(experiment.name), {}, experiment.mirrored, experiment.reading};
    Case rung = base;
    product(inner, rung, [&](const Case& raw) {
      Case point = raw;
      if (!is_timed(experiment.reading) || plays_effect(experiment.reading)) point.stall_ns = 0;
      if (experiment.complete != nullptr && !experiment.complete(point)) return;
      if (!settle(point) || !seen.insert(text_of(point)).second) return;
      launch.rungs.push_back(std::move(point));
    });
    if (!launch.rungs.empty()) launches.push_back(std::move(launch));
  });
  return launches;
}

}  // namespace ipcmark
