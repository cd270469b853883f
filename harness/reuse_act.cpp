#include "harness/reuse_act.hpp"

#include <cstring>
#include <utility>

#include "harness/usage.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

// Who is ahead may have passed the next already.
void await_turn(const StackWord& turn, std::uint64_t value) {
  while (turn.load(std::memory_order_acquire) < value) {
  }
}
// Not inlined: where it stands in its caller moved it by a quarter.
template <Counter C>
[[gnu::noinline]] void pop_and_push(TaggedStack<C>& stack, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) stack.push(stack.pop());
}

void pass_turn(StackWord& turn, std::uint64_t value) {
  turn.store(value, std::memory_order_release);
}

}  // namespace

ReuseAct::ReuseAct(const RoleContext& context, Mapping memory)
    : context_(context),
      mapping_(std::move(memory)),
      stamps_(context.stage->stamps(context.spec.role)) {}

void ReuseAct::obey(const Order& order, Report& report) {
  if (ReuseStep{order.act.step} == ReuseStep::prepare) return prepare(order);
  stamped_ = count_ = 0;
  const std::uint64_t before = cpu_time_ns(UsageScope::thread);
  const Counter counter = counter_of(point_.counter_bits);
  if (ReuseStep{order.act.step} == ReuseStep::cost) {
    if (client()) cost(order.act);
  } else if (counter == Counter::none) {
    play<Counter::none>(order.act);
  } else {
    counter == Counter::narrow ? play<Counter::narrow>(order.act) : play<Counter::wide>(order.act);
  }
  StepReport& done = report.steps[0];
  done.stamped = stamped_;
  done.messages = count_;
  done.cpu_ns = cpu_time_ns(UsageScope::thread) - before;
}

void ReuseAct::prepare(const Order& order) {
  point_ = context_.rungs[order.rung];
  if (point_.home == context_.spec.role) std::memset(mapping_.data(), 0, mapping_.size());
  prefault(mapping_.bytes(), mapping_.size());
}

template <Counter C>
void ReuseAct::play(const ActOrder& order) {
  ReuseStep{order.step} == ReuseStep::storm ? storm<C>(order) : stall<C>(order);
}

template <class Seen>
void ReuseAct::keep(const Seen& seen) {
  std::memcpy(&stamps_[stamped_], &seen, sizeof seen);
  stamped_ += sizeof seen / sizeof(std::uint64_t);
}

// A pop and a push by one side alone, against the same without a counter: the same instructions
// whatever they are compared with.
template <Counter C>
void ReuseAct::cost_window(const ActOrder& order, bool asked) {
  TaggedStack<C> stack(memory(), point_.counter_bits);
  stack.rebuild();
  const auto work = [&](std::uint64_t n) { pop_and_push(stack, n); };
  const std::uint64_t each = order.each[asked ? 1 : 0];
  keep_window(stamps_, stamped_, timed_window(asked, each, work));
  count_ += with_lead(each);
}

void ReuseAct::cost(const ActOrder& order) {
  in_turns(order.rounds, [&](bool asked) {
    switch (asked ? counter_of(point_.counter_bits) : Counter::none) {
      case Counter::none:
        return cost_window<Counter::none>(order, asked);
      case Counter::narrow:
        return cost_window<Counter::narrow>(order, asked);
      case Counter::wide:
        return cost_window<Counter::wide>(order, asked);
    }
  });
}

// Who takes a node is its only holder, or the stack has given it out twice.
void ReuseAct::hold(std::uint64_t node) {
  if (memory().nodes[node].holders.fetch_add(1, std::memory_order_relaxed) != 0) ++held_twice_;
}
void ReuseAct::let_go(std::uint64_t node) {
  memory().nodes[node].holders.fetch_sub(1, std::memory_order_relaxed);
}

// Two are taken and given back the other way round: for somebody who has seen the first of them on
// top it is there again, and what lies below it is another.
template <Counter C>
void ReuseAct::take_and_give(TaggedStack<C>& stack, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) {
    const std::uint64_t first = stack.pop();
    if (first == kNoNode) continue;
    hold(first);
    const std::uint64_t second = stack.pop();
    if (second != kNoNode) hold(second);
    let_go(first);
    stack.push(first);
    if (second == kNoNode) continue;
    let_go(second);
    stack.push(second);
  }
}

// Many short ones, each on a new stack: what breaks in one is not counted in the next.
template <Counter C>
void ReuseAct::storm(const ActOrder& order) {
  TaggedStack<C> stack(memory(), point_.counter_bits);
  for (std::uint64_t turn = 1; turn <= order.rounds; ++turn) {
    held_twice_ = 0;
    count_ += order.singly;
    if (!client()) {
      pass_turn(memory().servers_turn, 2 * turn - 1);
      await_turn(memory().clients_turn, turn);
      take_and_give(stack, order.singly);
      memory().servers_word.store(held_twice_, std::memory_order_relaxed);
      pass_turn(memory().servers_turn, 2 * turn);
      continue;
    }
    await_turn(memory().servers_turn, 2 * turn - 1);
    stack.rebuild();
    const std::uint64_t began = ticks::now();
    pass_turn(memory().clients_turn, turn);
    take_and_give(stack, order.singly);
    await_turn(memory().servers_turn, 2 * turn);
    const std::uint64_t ended = ticks::now();
    held_twice_ += memory().servers_word.load(std::memory_order_relaxed);
    keep(look(stack, ended - began));
  }
}

template <Counter C>
StormSeen ReuseAct::look(const TaggedStack<C>& stack, std::uint64_t ticks) const {
  bool there[kStackNodes] = {};
  std::uint64_t found = 0;
  std::uint64_t node = stack.top().node;
  for (; node != kNoNode && !there[node]; node = stack.next_of(node)) {
    there[node] = true;
    ++found;
  }
  return {.ticks = ticks,
          .held_twice = held_twice_,
          .lost = kStackNodes - found,
          .endless = node != kNoNode ? 1u : 0u};
}

// As many changes of the top, and no other; the node that was on top is there again, and the one
// that lay below it is held by the client.
template <Counter C>
void ReuseAct::turn_round(TaggedStack<C>& stack, std::uint64_t updates) {
  const std::uint64_t first = stack.pop();
  hold(stack.pop());
  std::uint64_t done = 3;
  if (updates % 2 == 0) hold(stack.pop()), ++done;
  stack.push(first);
  for (; done < updates; done += 2) stack.push(stack.pop());
}

template <Counter C>
void ReuseAct::stopped_pop(TaggedStack<C>& stack, std::uint64_t turn) {
  await_turn(memory().clients_turn, 2 * turn - 1);
  const StackTop seen = stack.top();
  const std::uint64_t next = stack.next_of(seen.node);
  pass_turn(memory().servers_turn, 2 * turn - 1);
  await_turn(memory().clients_turn, 2 * turn);  // stopped: all that happens does so here
  memory().servers_word.store(stack.exchange(seen, next) ? 1 : 0, std::memory_order_relaxed);
  pass_turn(memory().servers_turn, 2 * turn);
}

template <Counter C>
void ReuseAct::stall(const ActOrder& order) {
  TaggedStack<C> stack(memory(), point_.counter_bits);
  for (std::uint64_t turn = 1; turn <= order.rounds; ++turn) {
    if (!client()) {
      stopped_pop(stack, turn);
      ++count_;
      continue;
    }
    stack.rebuild();
    pass_turn(memory().clients_turn, 2 * turn - 1);
    await_turn(memory().servers_turn, 2 * turn - 1);
    StallSeen seen;
    const std::uint64_t began = ticks::now();
    turn_round(stack, order.singly);
    seen.ticks = ticks::now() - began;
    pass_turn(memory().clients_turn, 2 * turn);
    await_turn(memory().servers_turn, 2 * turn);
    seen.undetected = memory().servers_word.load(std::memory_order_relaxed);
    const std::uint64_t top = stack.top().node;
    const bool held =
        top != kNoNode && memory().nodes[top].holders.load(std::memory_order_relaxed) != 0;
    seen.corrupted = held ? 1 : 0;
    keep(seen);
    count_ += order.singly;
  }
}

}  // namespace ipcmark
