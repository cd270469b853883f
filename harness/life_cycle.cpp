#include "harness/life_cycle.hpp"

#include "harness/cast.hpp"
#include "harness/director.hpp"
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
LifeTicks life_of(const OwnChannel& own) {
  const Shape shape = own.shape();
  RungMeter& meter = own.meter();
  LifeTicks life;
  std::unique_ptr<Channel> channel;
  const std::int64_t deadline = own.open_next();
  life.open = ticks_of([&] { channel = find_transport(own.point().transport)->open(shape); });
  {
    Cast cast(own.roles, channel);
    cast.meet(deadline);
    own.record.pids = cast.pids();
    Director director(own.spec, cast, own.stage);
    life.connect = work_of(cast.ready()) + work_of(director.reshape(own.rung, meter));
    life.first_message = meter.take_first_message(
        cast.tell_all(meter.first_message(), Phase::measure, deadline), own.stage);
    meter.take_probe(cast.tell_all(meter.probe(), Phase::verify, deadline), own.stage);
    for (std::size_t i = 0; i < own.roles.size(); ++i) {
      life.close += work_of(cast.tell({i}, {.kind = Order::Kind::close}, Phase::close, deadline));
    }
    cast.close(deadline);
  }
  life.remove = ticks_of([&] { channel.reset(); });
  return life;
}

}  // namespace

void live(const OwnChannel& own) {
  (void)life_of(own);
  for (std::uint32_t i = 0; i < kLives; ++i) own.meter().take_life(life_of(own));
  own.record.done = true;
}

}  // namespace ipcmark
