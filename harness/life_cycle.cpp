#include "harness/life_cycle.hpp"

#include "harness/cast.hpp"
#include "harness/director.hpp"
#include "harness/launch.hpp"
#include "harness/launch_state.hpp"
#include "transports/registered.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

namespace {

template <class Work>
std::uint64_t ticks_of(Work work) {
  const std::uint64_t before = ticks::now();
  work();
  return ticks::now() - before;
}

std::uint64_t work_of(const std::vector<Report>& reports) {
  std::uint64_t sum = 0;
  for (const Report& report : reports) sum += report.work_ticks;
  return sum;
}

// The life of one channel.
class Life {
 public:
  Life(const LaunchSpec& spec, std::size_t rung, const Stage& stage, RungRecord& record)
      : spec_(spec), rung_(rung), stage_(stage), record_(record), meter_(*record.meter) {}

  LifeTicks run(const std::vector<RoleContext>& contexts) {
    const Case& point = spec_.rungs[rung_];
    const Shape shape = shape_of(point, spec_.prefix);
    LifeTicks life;
    std::unique_ptr<Channel> channel;
    // Its memory is filled in it, before anything has been timed.
    const std::int64_t deadline = phase_deadline_ns(spec_.settings, meter_.probe_ns());
    contexts.front().state->enter(Phase::open, monotonic_now() + deadline);
    life.open = ticks_of([&] { channel = find_transport(point.transport)->open(shape); });
    {
      Cast cast(contexts, channel);
      cast.meet(deadline);
      record_.pids = cast.pids();
      Director director(spec_, cast, stage_);
      life.connect = work_of(cast.ready()) + work_of(director.reshape(rung_, meter_));
      life.first_message = meter_.take_first_message(
          cast.tell_all(meter_.first_message(), Phase::measure, deadline), stage_);
      meter_.take_probe(cast.tell_all(meter_.probe(), Phase::verify, deadline), stage_);
      for (std::size_t i = 0; i < contexts.size(); ++i) {
        life.close += work_of(cast.tell({i}, {.kind = Order::Kind::close}, Phase::close, deadline));
      }
      cast.close(deadline);
    }
    life.remove = ticks_of([&] { channel.reset(); });
    return life;
  }

 private:
  const LaunchSpec& spec_;
  std::size_t rung_;
  const Stage& stage_;
  RungRecord& record_;
  RungMeter& meter_;
};

}  // namespace

void live(const LaunchSpec& spec, std::size_t rung, const std::vector<RoleContext>& contexts,
          const Stage& stage, RungRecord& record) {
  Life one(spec, rung, stage, record);
  (void)one.run(contexts);
  for (std::uint32_t i = 0; i < kLives; ++i) record.meter->take_life(one.run(contexts));
  record.done = true;
}

}  // namespace ipcmark
