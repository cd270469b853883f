#include "harness/contended_act.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/usage.hpp"
#include "harness/with_constant.hpp"
#include "transports/shared_object.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

template <class Work>
void with(Operation operation, Work work) {
  using enum Operation;
  with_constant<store, increment, locked_increment, compare_exchange, fenced_store>(operation,
                                                                                    work);
}

}  // namespace

std::uint64_t messages_of(const ActOrder& order) {
  // A window is preceded by a chunk that is not timed.
  constexpr std::uint64_t kParts = kChunks + 1;
  return order.rounds * (order.each[1] / kChunks) * kParts + order.singly;
}

ContendedAct::ContendedAct(const RoleContext& context, Mapping words, Mapping control)
    : context_(context),
      words_(std::move(words)),
      control_memory_(std::move(control)),
      control_(*reinterpret_cast<ContendedControl*>(control_memory_.data())),
      stamps_(context.stage->stamps(context.spec.role)) {}

void ContendedAct::obey(const Order& order, Report& report) {
  if (ContendedStep{order.act.step} == ContendedStep::prepare) return prepare(order);
  stamped_ = count_ = polls_ = wrong_ = 0;
  const std::uint64_t before = cpu_time_ns(UsageScope::thread);
  if (point_.structure == Structure::words) {
    words(order.act);
  } else if (point_.structure == Structure::state || point_.structure == Structure::payload) {
    client() ? publish(order.act) : poll_state(order.act);
  } else {
    client() ? produce(order.act) : consume(order.act);
  }
  StepReport& done = report.steps[0];
  done.stamped = stamped_;
  done.messages = count_;
  done.wrong = wrong_;
  done.cpu_ns = cpu_time_ns(UsageScope::thread) - before;
}

// The home side first, so that the memory is on its node.
void ContendedAct::prepare(const Order& order) {
  point_ = context_.rungs[order.rung];
  layout_ = ContendedLayout::of(point_);
  if (point_.home == context_.spec.role) {
    std::memset(words_.data(), 0, words_.size());
    std::memset(control_memory_.data(), 0, control_memory_.size());
  }
  prefault(words_.bytes(), words_.size());
  prefault(control_memory_.bytes(), control_memory_.size());
}

void ContendedAct::turn(ContendedControl::Mode mode) {
  control_.mode.word.store(mode, kRelease);
  while (control_.acting.word.load(kAcquire) != mode) {
  }
}

template <class Run>
void ContendedAct::window(ContendedControl::Mode mode, std::uint64_t each, Run run) {
  const std::uint64_t chunk = each / kChunks;
  run(chunk);  // the lines find where they belong
  const std::uint64_t done = control_.done.word.load(kAcquire), polled = polls_;
  const std::uint64_t gaps = control_.gaps.word.load(kAcquire);
  const ChunkedTime time = timed_chunks(chunk, run);
  ContendedWindow seen{.mode = mode, .ticks = time.ticks, .longest_chunk = time.longest_chunk};
  seen.peer_done = control_.done.word.load(kAcquire) - done;
  seen.peer_gaps = control_.gaps.word.load(kAcquire) - gaps;
  seen.polls = polls_ - polled;
  std::memcpy(&stamps_[stamped_], &seen, sizeof seen);
  stamped_ += kWindowWords;
}

void ContendedAct::words(const ActOrder& order) {
  with(point_.operation, [&](auto constant) {
    constexpr Operation kOperation = decltype(constant)::value;
    client() ? attack<kOperation>(order) : accompany<kOperation>(order);
  });
}

// Windows alone and beside the neighbour in turns, the order of the two turned round each time;
// then single operations of either kind.
template <Operation O>
void ContendedAct::attack(const ActOrder& order) {
  Word& mine = at(layout_.first);
  Pause pace(order.delay_steps);
  const auto run = [&](std::uint64_t n) { operations<O>(mine, pace, n, count_); };
  for (std::uint64_t round = 0; round < order.rounds; ++round) {
    for (const std::uint64_t turn_of : {round % 2, 1 - round % 2}) {
      const auto mode = turn_of == 0 ? ContendedControl::solo : ContendedControl::contended;
      turn(mode);
      window(mode, order.each[turn_of], run);
    }
  }
  for (const auto mode : {ContendedControl::solo, ContendedControl::contended}) {
    turn(mode);
    for (std::uint64_t i = 0; i < order.singly; ++i) {
      const std::uint64_t before = ticks::now();
      const std::uint64_t read = operate<O>(pace.through(mine), count_);
      keep(ticks::now() - before);
      pace.pass(read);
    }
  }
  turn(ContendedControl::over);
  // Every operation is in the words, and no other: what the two did to one word adds up where the
  // operation promises it, and else at least one of them is the last.
  const std::uint64_t theirs =
      point_.neighbour == Neighbour::writer ? control_.done.word.load(kAcquire) : std::uint64_t{0};
  const bool one = point_.distance_bytes == 0;
  const bool adds = O == Operation::locked_increment || O == Operation::compare_exchange;
  const std::uint64_t first = mine.load(kAcquire), second = at(layout_.second).load(kAcquire);
  if (!one) wrong_ += (first != count_) + (second != theirs);
  if (one && adds) wrong_ += first != count_ + theirs;
  if (one && !adds) wrong_ += first == 0 || first > count_ + theirs;
}

template <Operation O>
void ContendedAct::accompany(const ActOrder& order) {
  Word& mine = at(layout_.second);
  Pause pace(order.delay_steps);
  std::uint64_t acting = ContendedControl::parked, gaps = 0;
  for (;;) {
    const std::uint64_t mode = control_.mode.word.load(kAcquire);
    if (mode != acting) control_.acting.word.store(acting = mode, kRelease);
    if (mode == ContendedControl::over) return;
    if (mode != ContendedControl::contended || point_.neighbour == Neighbour::idle) continue;
    const std::uint64_t before = ticks::now();
    if (point_.neighbour == Neighbour::writer) {
      operations<O>(mine, pace, order.burst, count_);
    } else {
      for (std::uint64_t i = 0; i < order.burst; ++i) (void)mine.load(kRelaxed);
      count_ += order.burst;
    }
    if (ticks::now() - before > order.limit_ticks) control_.gaps.word.store(++gaps, kRelease);
    control_.done.word.store(count_, kRelease);
  }
}

// A message: private stamps, the state published, and the answer waited for.
void ContendedAct::publish(const ActOrder& order) {
  Word& state = at(layout_.first);
  Word& stamp = at(layout_.second);
  Word& ack = at(ContendedLayout::kAck);
  Pause pace(order.delay_steps);
  std::uint64_t stamps = 0;
  const auto write = [&] {
    for (std::uint64_t i = 0; i < point_.private_writes; ++i) {
      stamp.store(++stamps, kRelaxed);
      pace.pass(0);
    }
  };
  const auto await = [&] {
    while (ack.load(kAcquire) != count_) ++polls_;
  };
  const auto run = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      write();
      state.store(++count_, kRelease);  // pairs with the load of poll_state
      await();
    }
  };
  for (std::uint64_t round = 0; round < order.rounds; ++round) {
    window(ContendedControl::contended, order.each[1], run);
  }
  for (std::uint64_t i = 0; i < order.singly; ++i) {
    const std::uint64_t began = ticks::now();
    write();
    const std::uint64_t written = ticks::now();
    state.store(++count_, kRelease);
    drain_stores();
    const std::uint64_t published = ticks::now();
    await();
    keep(written - began), keep(published - written), keep(ticks::now() - began);
  }
  wrong_ += stamp.load(kRelaxed) != stamps;
}

void ContendedAct::poll_state(const ActOrder& order) {
  Word& state = at(layout_.first);
  const Word& stamp = at(layout_.second);
  const bool reads = point_.structure == Structure::payload;
  Word& ack = at(ContendedLayout::kAck);
  const std::uint64_t messages = messages_of(order);
  while (count_ < messages) {
    std::uint64_t seen = state.load(kAcquire);
    for (; seen == count_; seen = state.load(kAcquire)) ++polls_;
    wrong_ += seen != ++count_;
    // The producer does not write it again before the answer.
    if (reads) wrong_ += stamp.load(kRelaxed) != count_ * point_.private_writes;
    control_.done.word.store(polls_, kRelaxed);
    ack.store(count_, kRelease);  // pairs with the load of publish
  }
}

// The head is the consumer's, the tail the producer's; both look at the other's each time.
void ContendedAct::produce(const ActOrder& order) {
  Word& head = at(layout_.first);
  Word& tail = at(layout_.second);
  auto* slots = &at(ContendedLayout::kSlots);
  Pause pace(order.delay_steps);
  const auto run = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      while (count_ - head.load(kAcquire) == point_.depth) ++polls_;
      slots[count_ & (point_.depth - 1)].store(count_, kRelaxed);
      tail.store(++count_, kRelease);  // pairs with the load of consume
      if (pace.steps != 0) pace.pass(0);
    }
  };
  for (std::uint64_t round = 0; round < order.rounds; ++round) {
    window(ContendedControl::contended, order.each[1], run);
  }
}

void ContendedAct::consume(const ActOrder& order) {
  Word& head = at(layout_.first);
  Word& tail = at(layout_.second);
  auto* slots = &at(ContendedLayout::kSlots);
  const std::uint64_t messages = messages_of(order);
  while (count_ < messages) {
    while (tail.load(kAcquire) == count_) ++polls_;
    wrong_ += slots[count_ & (point_.depth - 1)].load(kRelaxed) != count_;
    head.store(++count_, kRelease);  // pairs with the load of produce
    control_.done.word.store(polls_, kRelaxed);
  }
}

}  // namespace ipcmark
