#include "harness/shootdown_act.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <utility>

#include "harness/usage.hpp"
#include "transports/delay.hpp"
#include "transports/pages.hpp"
#include "transports/shared_object.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

namespace {

constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr std::size_t kWordsAPage = 4096 / sizeof(std::uint64_t);
constexpr std::size_t kWordsALine = 64 / sizeof(std::uint64_t);
constexpr std::int64_t kNapNs = 20'000;

// One line of each page, each at another place in it so that they do not fight for one set, in an
// order that no prefetcher follows.
std::vector<std::uint64_t> ring_of(std::uint64_t pages) {
  std::vector<std::uint64_t> order(pages), memory(pages * kWordsAPage);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  std::ranges::shuffle(order, std::mt19937_64(1));
  const auto slot = [&](std::uint64_t page) {
    return page * kWordsAPage + page * kWordsALine % kWordsAPage;
  };
  for (std::uint64_t i = 0; i < pages; ++i) {
    memory[slot(order[i])] = slot(order[(i + 1) % pages]);
  }
  return memory;
}

}  // namespace

std::uint64_t traffic_messages(const ActOrder& order) {
  return order.lead * (order.singly + 1) + order.rounds * (order.each[0] + order.each[1]);
}

ShootAct::ShootAct(const RoleContext& context, const Fd& memory, Mapping control,
                   std::unique_ptr<End> end)
    : context_(context),
      memory_(memory),
      control_memory_(std::move(control)),
      control_(*reinterpret_cast<ShootControl*>(control_memory_.data())),
      end_(std::move(end)),
      stamps_(context.stage->stamps(context.spec.role)) {}

void ShootAct::obey(const Order& order, Report& report) {
  const ShootStep step{order.act.step};
  if (step == ShootStep::prepare) return prepare(order);
  stamped_ = count_ = wrong_ = 0;
  const std::uint64_t before = cpu_time_ns(UsageScope::thread);
  if (step == ShootStep::verify) {
    exchange(kComparedFirst, true);
  } else if (step == ShootStep::traffic) {
    client() ? send_traffic(order.act) : take_traffic(order.act);
  } else {
    client() ? strike(order.act) : suffer(order.act);
  }
  StepReport& done = report.steps[0];
  done.stamped = stamped_;
  done.messages = count_;
  done.wrong = wrong_;
  done.cpu_ns = cpu_time_ns(UsageScope::thread) - before;
}

void ShootAct::prepare(const Order& order) {
  point_ = context_.rungs[order.rung];
  if (end_) end_->reshape(shape_of(point_, *context_.prefix));
  sequence_ = 0;
  blow_.reset(), mapped_.clear(), working_.clear();
  if (point_.home == context_.spec.role && context_.spec.index == 0) {
    std::memset(control_memory_.data(), 0, control_memory_.size());
  }
  prefault(control_memory_.bytes(), control_memory_.size());
  if (client()) {
    blow_ = blow_of(point_, memory_);
    return;
  }
  expect_blows(point_);
  for (std::uint64_t i = 0; i < point_.mappings; ++i) {
    mapped_.emplace_back(memory_, struck_bytes(point_));
  }
  if (point_.working_pages != 0) working_ = ring_of(point_.working_pages), at_ = 0;
}

template <class Stamp>
void ShootAct::keep(const Stamp& stamp) {
  std::memcpy(&stamps_[stamped_], &stamp, sizeof stamp);
  stamped_ += kStampWords<Stamp>;
}

void ShootAct::await_victims(std::uint64_t turn) const {
  for (std::uint32_t i = 0; i < point_.consumers; ++i) {
    while (control_.ready[i].turn.load(kAcquire) != turn) {
    }
  }
}

void ShootAct::strike(const ActOrder& order) {
  for (std::uint64_t turn = 1; turn <= order.singly; ++turn) {
    await_victims(turn);
    const std::uint64_t before = ticks::now();
    blow_->strike();
    const std::uint64_t struck = ticks::now();
    blow_->mend();
    const std::uint64_t mended = ticks::now();
    control_.done.turn.store(turn, kRelease);  // pairs with the victim's load
    keep(BlowTicks{struck - before, mended - struck});
    ++count_;
  }
}

void ShootAct::suffer(const ActOrder& order) {
  std::uint64_t due = ticks::now();
  for (std::uint64_t turn = 1; turn <= order.singly; ++turn) {
    StruckTicks ticks;
    const std::uint64_t began = ticks::now();
    touch();
    ticks.touch = ticks::now() - began;
    chase();  // its translations are there
    // Here and not before the blow: what else stops us meanwhile is no stall of it.
    while (ticks::now() < due) {
    }
    due += order.period_ticks;
    control_.ready[context_.spec.index].turn.store(turn,
                                                   kRelease);  // pairs with the initiator's load
    if (point_.victim == Victim::asleep) {
      sleep_through(turn);
    } else {
      ticks.stall = longest_gap(turn);
    }
    const std::uint64_t before = ticks::now();
    chase();
    ticks.refill = ticks::now() - before;
    keep(ticks);
    ++count_;
  }
}

std::uint64_t ShootAct::longest_gap(std::uint64_t turn) const {
  std::uint64_t longest = 0, last = ticks::now();
  while (control_.done.turn.load(kAcquire) != turn) {
    const std::uint64_t now = ticks::now();
    longest = std::max(longest, now - last);
    last = now;
  }
  return longest;
}

void ShootAct::sleep_through(std::uint64_t turn) const {
  const timespec nap = to_timespec(kNapNs);
  while (control_.done.turn.load(kAcquire) != turn) ::nanosleep(&nap, nullptr);
}

// Through every mapping, and writing: read-only pages could be shared zeros.
void ShootAct::touch() {
  if (point_.trigger == Trigger::punch_untouched) return;
  for (const Mapping& mapping : mapped_) {
    for (std::size_t i = 0; i < mapping.size(); i += base_page_bytes()) {
      *reinterpret_cast<volatile std::byte*>(mapping.data() + i) = std::byte{1};
    }
  }
}

void ShootAct::chase() {
  std::uint64_t at = at_;
  for (std::uint64_t i = 0; i < point_.working_pages; ++i) {
    at = working_[at];
    asm volatile("" : "+r"(at));
  }
  at_ = at;
}

void ShootAct::exchange(std::uint64_t count, bool verify) {
  const bool stream = point_.pattern == Pattern::pour;
  const Part part =
      client() ? (stream ? Part::pour : Part::ask) : (stream ? Part::drain : Part::answer);
  const Job job{.messages = count,
                .message_bytes = point_.message_bytes,
                .reply_bytes = point_.reply_bytes,
                .messages_each = count,
                .first_sequence = sequence_,
                .touch = point_.touch,
                .access = point_.access,
                .verify = verify};
  std::array<std::uint64_t, 4> ends{};
  Tally tally{.stamps = ends};
  end_->run(part, job, tally);
  sequence_ += count;
  count_ += tally.messages;
  wrong_ += tally.wrong;
}

void ShootAct::messages(std::uint64_t count, std::uint64_t work_steps) {
  if (point_.bottleneck != (client() ? Bottleneck::producer : Bottleneck::consumer)) {
    return exchange(count, false);
  }
  for (; count != 0; --count) {
    exchange(1, false);
    delay_chain(work_, work_steps);  // instructions, not a time that an interrupt would pass in
  }
}

void ShootAct::take_traffic(const ActOrder& order) {
  messages(traffic_messages(order), order.delay_steps);
}

// First blows by themselves, as far from each other as they will be and beside a peer that waits
// for the next message; then windows without and with them in turns, the order turned round each
// time.
void ShootAct::send_traffic(const ActOrder& order) {
  messages(order.lead, order.delay_steps);
  for (std::uint64_t i = 0; i < order.singly; ++i) {
    // The peer runs, or it could not have answered: it is struck.
    const std::uint64_t before = ticks::now();
    blow_->strike();
    const std::uint64_t struck = ticks::now();
    blow_->mend();
    keep(BlowTicks{struck - before, ticks::now() - struck});
    messages(order.lead, order.delay_steps);
  }
  for (std::uint64_t round = 0; round < order.rounds; ++round) {
    for (const bool struck : {round % 2 == 1, round % 2 == 0}) keep(window(order, struck));
  }
}

// `burst` messages, then a look whether a blow is due; one that is late is struck at once, so the
// rate is what was asked for as long as there is time for it.
TrafficWindow ShootAct::window(const ActOrder& order, bool struck) {
  TrafficWindow seen{.struck = struck};
  std::uint64_t left = order.each[struck ? 1 : 0];
  const std::uint64_t began = ticks::now();
  std::uint64_t due = began + order.period_ticks, now = began;
  while (left != 0) {
    const std::uint64_t some = std::min(left, order.burst);
    messages(some, order.delay_steps);
    left -= some;
    const std::uint64_t sent = ticks::now();
    seen.longest = std::max(seen.longest, sent - now);
    now = sent;
    if (!struck || now < due) continue;
    blow_->strike();
    blow_->mend();
    due += order.period_ticks;
    ++seen.events;
    now = ticks::now();
    seen.longest = std::max(seen.longest, now - sent);
  }
  seen.ticks = now - began;
  return seen;
}

}  // namespace ipcmark
