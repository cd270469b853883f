#include "harness/publication_act.hpp"

#include <utility>

#include "harness/usage.hpp"
#include "harness/with_constant.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

template <class Work>
void with_orders(Publication orders, Work work) {
  using enum Publication;
  with_constant<relaxed, release_acquire, seq_cst, fences>(orders, work);
}

}  // namespace

PublicationAct::PublicationAct(const RoleContext& context, Mapping memory)
    : context_(context),
      memory_(std::move(memory)),
      stamps_(context.stage->stamps(context.spec.role)) {}

void PublicationAct::obey(const Order& order, Report& report) {
  const PublicationStep step{order.act.step};
  if (step == PublicationStep::prepare) return prepare(order);
  stamped_ = count_ = 0;
  stale_ = {};
  const std::uint64_t before = cpu_time_ns(UsageScope::thread);
  if (step == PublicationStep::hand_over) {
    hand_over(order.act);
  } else {
    with_orders(point_.publication,
                [&](auto constant) { litmus<decltype(constant)::value>(order.act); });
  }
  StepReport& done = report.steps[0];
  done.stamped = stamped_;
  done.messages = count_;
  // Of relaxed orders, and of the windows that are compared with them, nothing was promised.
  const bool promised = point_.publication != Publication::relaxed;
  done.wrong = promised ? stale_[1] : 0;
  done.reordered = stale_[0] + (promised ? 0 : stale_[1]);
  done.cpu_ns = cpu_time_ns(UsageScope::thread) - before;
}

void PublicationAct::prepare(const Order& order) {
  point_ = context_.rungs[order.rung];
  words_ = point_.message_bytes / sizeof(Word);
  if (point_.home == context_.spec.role) std::memset(memory_.data(), 0, memory_.size());
  prefault(memory_.bytes(), memory_.size());
}

// Both sides know which windows come, so that nothing but the subject is shared while one runs.
void PublicationAct::hand_over(const ActOrder& order) {
  const bool ring = point_.structure == Structure::indices;
  const auto run = [&](bool asked, auto work) {
    with_orders(asked ? point_.publication : Publication::relaxed, work);
  };
  in_turns(order.rounds, [&](bool asked) {
    const std::uint64_t each = order.each[asked ? 1 : 0];
    run(asked, [&](auto constant) {
      constexpr Publication P = decltype(constant)::value;
      if (!client())
        return ring ? consume<P>(with_lead(each), asked) : hear<P>(with_lead(each), asked);
      const auto work = [&](std::uint64_t n) { ring ? produce<P>(n) : tell<P>(n); };
      keep_window(stamps_, stamped_, timed_window(asked, each, work));
    });
  });
  run(true, [&](auto constant) {
    constexpr Publication P = decltype(constant)::value;
    if (!client()) return hear<P>(order.singly, true);
    for (std::uint64_t i = 0; i < order.singly; ++i) {
      const std::uint64_t before = ticks::now();
      tell<P>(1);
      stamps_[stamped_++] = ticks::now() - before;
    }
  });
}

void PublicationAct::write(std::uint64_t where, std::uint64_t value) {
  for (std::uint64_t i = 0; i < words_; ++i)
    at(where + i * sizeof(Word)).store(value + i, kRelaxed);
}

void PublicationAct::read(std::uint64_t where, std::uint64_t value, bool asked) {
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < words_; ++i) {
    wrong |= at(where + i * sizeof(Word)).load(kRelaxed) ^ (value + i);
  }
  stale_[asked ? 1 : 0] += wrong != 0 ? 1 : 0;
}

// A message and its answer: nothing queues.
template <Publication P>
void PublicationAct::tell(std::uint64_t n) {
  for (std::uint64_t i = 0; i < n; ++i) {
    write(PublicationLayout::kData, ++count_);
    publish<P>(at(PublicationLayout::kFlag), count_);
    await<P>(at(PublicationLayout::kAnswer), count_);
  }
}

template <Publication P>
void PublicationAct::hear(std::uint64_t n, bool asked) {
  for (std::uint64_t i = 0; i < n; ++i) {
    await<P>(at(PublicationLayout::kFlag), ++count_);
    read(PublicationLayout::kData, count_, asked);
    publish<P>(at(PublicationLayout::kAnswer), count_);
  }
}

// The two ends of a ring: the tail is the producer's, the head the consumer's.
template <Publication P>
void PublicationAct::produce(std::uint64_t n) {
  const Word& head = at(PublicationLayout::kAnswer);
  Word& tail = at(PublicationLayout::kFlag);
  for (std::uint64_t i = 0; i < n; ++i) {
    while (count_ - head.load(kLoadOrder<P>) >= point_.depth) {
    }
    fence<P>();
    const std::uint64_t slot = count_ & (point_.depth - 1);
    write(PublicationLayout::kSlots + slot * PublicationLayout::kSlotBytes, count_);
    publish<P>(tail, ++count_);
  }
}

template <Publication P>
void PublicationAct::consume(std::uint64_t n, bool asked) {
  const Word& tail = at(PublicationLayout::kFlag);
  Word& head = at(PublicationLayout::kAnswer);
  for (std::uint64_t i = 0; i < n; ++i) {
    while (tail.load(kLoadOrder<P>) == count_) {
    }
    fence<P>();
    const std::uint64_t slot = count_ & (point_.depth - 1);
    read(PublicationLayout::kSlots + slot * PublicationLayout::kSlotBytes, count_, asked);
    publish<P>(head, ++count_);
  }
}

// Passes over an array of cells, each of which is written once a pass: the two sides meet before a
// pass and then run free, so that they cross each cell at another distance in time.
template <Publication P>
void PublicationAct::litmus(const ActOrder& order) {
  const bool passing = point_.structure == Structure::message_passing;
  outcomes_ = {};
  own_ = {};  // of another test in the same launch
  std::uint64_t pass = 0, before = ticks::now();
  for (std::uint64_t window = 0; window < order.rounds; ++window) {
    for (std::uint64_t i = 0; i < order.each[1]; ++i) {
      meet(++pass);
      dawdle(pass);
      passing ? pass_messages<P>(pass) : buffer_stores<P>(pass);
    }
    const std::uint64_t now = ticks::now();
    if (client()) stamps_[stamped_++] = now - std::exchange(before, now);
  }
  meet(pass + 1);
  count_ = pass * PublicationLayout::kCells;
  if (!client()) return;
  for (const std::uint64_t outcome : outcomes_) stamps_[stamped_++] = outcome;
}

// The server waits for the client, which first counts what the last pass has shown.
void PublicationAct::meet(std::uint64_t pass) {
  const auto& arrived = PublicationLayout::kArrived;
  Word& mine = at(arrived[client() ? 0 : 1]);
  const Word& theirs = at(arrived[client() ? 1 : 0]);
  if (!client()) mine.store(pass, std::memory_order_release);
  while (theirs.load(std::memory_order_acquire) != pass) {
  }
  if (!client()) return;
  if (pass > 1) tally();
  mine.store(pass, std::memory_order_release);
}

void PublicationAct::tally() {
  for (std::uint64_t i = 0; i < PublicationLayout::kCells; ++i) {
    ++outcomes_[(own_[i] | seen(i).load(kRelaxed)) & 3];
  }
}

// One side or the other begins later, by up to what a few transfers of a line take.
void PublicationAct::dawdle(std::uint64_t pass) {
  const std::uint64_t drawn = pass * 0x9E3779B97F4A7C15 >> 32;
  if ((drawn & 1) == (client() ? 1u : 0u)) delay_chain(link_, drawn >> 1 & 255);
}

template <Publication P>
void PublicationAct::pass_messages(std::uint64_t pass) {
  for (std::uint64_t i = 0; i < PublicationLayout::kCells; ++i) {
    Word& data = cell(i, 0);
    Word& flag = cell(i, 1);
    if (client()) {
      data.store(pass, kRelaxed);
      publish<P>(flag, pass);
    } else {
      const std::uint64_t told = flag.load(kLoadOrder<P>);
      fence<P>();
      const std::uint64_t there = data.load(kRelaxed);
      seen(i).store((told == pass ? 2u : 0u) | (there == pass ? 1u : 0u), kRelaxed);
    }
  }
}

template <Publication P>
void PublicationAct::buffer_stores(std::uint64_t pass) {
  for (std::uint64_t i = 0; i < PublicationLayout::kCells; ++i) {
    Word& mine = cell(i, client() ? 0 : 1);
    const Word& theirs = cell(i, client() ? 1 : 0);
    mine.store(pass, kStoreOrder<P>);
    fence<P>();
    const bool there = theirs.load(kLoadOrder<P>) == pass;
    if (client()) {
      own_[i] = there ? 2 : 0;
    } else {
      seen(i).store(there ? 1 : 0, kRelaxed);
    }
  }
}

}  // namespace ipcmark
