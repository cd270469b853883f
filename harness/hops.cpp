#include "harness/hops.hpp"

#include <fmt/format.h>

#include <utility>

#include "harness/followers.hpp"
#include "harness/launch.hpp"
#include "transports/pages.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kTrials = 8;    // children for each of two things left in their way
constexpr double kChildNs = 2'000'000;  // for the plan
constexpr double kHopNs = 100;          // of a list that no cache holds

// Once through the list.
double turn_of_list_ns(const Case& point) {
  const std::size_t nodes = point.working_pages * base_page_bytes() / kListNodeBytes;
  return kHopNs * static_cast<double>(nodes);
}

Fd list_file(std::size_t bytes) {
  Fd file(available(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
  available(::ftruncate(file.get(), static_cast<off_t>(bytes)), "ftruncate");
  return file;
}

class Hops : public Effect {
 public:
  explicit Hops(const LaunchSpec& spec) : control_(open_shared_object(Shape{}, 1)) {
    for (const Case& point : spec.rungs) {
      memory_.bytes = std::max(memory_.bytes, point.working_pages * base_page_bytes());
    }
    memory_.raw = list_file(memory_.bytes);
    memory_.other = list_file(memory_.bytes);
    // Before there are roles: they have it where the coordinator has.
    memory_.common_raw = Mapping(memory_.raw, memory_.bytes);
    memory_.common_other = Mapping(memory_.other, memory_.bytes);
  }

  std::unique_ptr<Act> act(const RoleContext& context) override {
    return std::make_unique<HopsAct>(context, memory_, control_.map());
  }

  void play(RungResult& result) override {
    result.counts["address_distance_bytes"] = distance();
    const double turn_ns = turn_of_list_ns(point_);
    tell(Role::server, HopsStep::link, {}, Phase::reshape, turn_ns);
    const double budget = static_cast<double>(director_->spec().settings.measure_ns);
    ActOrder order = probe_of_pairs();
    tell(Role::client, HopsStep::walk, order, Phase::measure, 1e6 + 2 * turn_ns);
    plan_pairs(order, *director_);
    const double leads_ns = 2 * static_cast<double>(order.rounds) * turn_ns;
    const Report walked =
        tell(Role::client, HopsStep::walk, order, Phase::measure, 2 * budget + leads_ns);
    take_pairs(order, *director_, "raw_ns", result);
    take_followers(turn_ns, result);
    Report maker;  // was not there while the list was followed
    maker.cpu = director_->spec().server_cpu;
    take_roles({walked, maker}, result);
  }

 private:
  Report tell(Role role, HopsStep step, ActOrder act, Phase phase, double expected_ns) {
    act.step = static_cast<std::uint32_t>(step);
    const Order order{
        .kind = Order::Kind::act, .rung = static_cast<std::uint32_t>(rung_), .act = act};
    Report report = director_->tell(role, order, phase, static_cast<std::int64_t>(expected_ns));
    if (report.steps[0].wrong != 0) throw PayloadWrong("a list left out some of its nodes");
    return report;
  }

  // Both map it; how far apart.
  std::uint64_t distance() {
    tell(Role::client, HopsStep::meet, {}, Phase::reshape, 0);
    tell(Role::server, HopsStep::meet, {}, Phase::reshape, 0);
    const Mapping control = control_.map();
    const auto* addresses = reinterpret_cast<const std::uint64_t*>(control.data());
    if (addresses[0] == addresses[1]) throw Unavailable("mmap: both sides have the same address");
    return std::max(addresses[0], addresses[1]) - std::min(addresses[0], addresses[1]);
  }

  void take_followers(double turn_ns, RungResult& result) {
    tell(Role::client, HopsStep::followers, {.singly = kTrials}, Phase::measure,
         2 * kTrials * (kChildNs + turn_ns));
    Followed found[2];
    std::memcpy(static_cast<void*>(&found), director_->stage().stamps(Role::client).data(),
                sizeof found);
    const char* left[] = {"elsewhere", "occupied"};
    for (std::size_t i = 0; i < std::size(found); ++i) {
      const auto keep = [&](const char* what, std::uint64_t count) {
        result.counts[fmt::format("{}_{}", left[i], what)] = count;
      };
      keep("trials", found[i].trials), keep("right", found[i].right);
      keep("wrong", found[i].wrong), keep("faults", found[i].faults);
    }
  }

  SharedObject control_;
  ListMemory memory_;
};

}  // namespace

std::string hops_refusal(const Case& point) {
  if (point.roles == RoleKind::thread) {
    return "roles thread: threads have one address space; processes map a list at their own "
           "addresses";
  }
  return point.working_pages > 0 ? "" : "working_pages 0: a list has one page at least";
}

std::unique_ptr<Effect> hops(const LaunchSpec& spec) { return std::make_unique<Hops>(spec); }

}  // namespace ipcmark
