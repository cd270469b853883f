#include "harness/effect.hpp"

#include "harness/contention.hpp"
#include "harness/hops.hpp"
#include "harness/launch.hpp"
#include "harness/publication.hpp"
#include "harness/reuse.hpp"
#include "harness/shootdown.hpp"

namespace ipcmark {

void Effect::measure(std::size_t rung, Director& director, RungResult& result) {
  rung_ = rung;
  director_ = &director;
  point_ = director.spec().rungs[rung];
  play(result);
}

void Effect::prepare() const {
  const Order order{.kind = Order::Kind::act, .rung = static_cast<std::uint32_t>(rung_)};
  director_->tell_home_first(point_.home, order, Phase::reshape);
}

void take_roles(const std::vector<Report>& reports, RungResult& result) {
  result.roles.resize(reports.size());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    auto& role = result.roles[i];
    role.messages = reports[i].steps[0].messages;
    role.cpu_ns = reports[i].steps[0].cpu_ns;
    role.usage = reports[i].usage;
    role.cpus.insert(reports[i].cpu);
    result.window_cpu_ns += static_cast<double>(role.cpu_ns);
  }
  result.windowed = result.roles[0].messages;
}

std::string effect_refusal(Reading reading, const Case& point) {
  switch (reading) {
    case Reading::contention:
      return contention_refusal(point);
    case Reading::shootdowns:
      return shootdown_refusal(point);
    case Reading::publication:
      return publication_refusal(point);
    case Reading::reuse:
      return reuse_refusal(point);
    case Reading::hops:
      return hops_refusal(point);
    default:
      return {};
  }
}

std::unique_ptr<Effect> effect_of(const LaunchSpec& spec) {
  switch (spec.reading) {
    case Reading::contention:
      return contention(spec);
    case Reading::shootdowns:
      return shootdowns(spec);
    case Reading::publication:
      return publication(spec);
    case Reading::reuse:
      return reuse(spec);
    case Reading::hops:
      return hops(spec);
    default:
      return nullptr;
  }
}

}  // namespace ipcmark
