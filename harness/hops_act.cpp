#include "harness/hops_act.hpp"

#include <type_traits>
#include <utility>

#include "harness/followers.hpp"
#include "harness/usage.hpp"
#include "transports/pages.hpp"

namespace ipcmark {

namespace {

// Calls `work` with the kind as a compile-time constant: chosen once a window.
template <class Work>
void with_kind(Pointers kind, Work work) {
  using enum Pointers;
  switch (kind) {
    case raw:
      return work(std::integral_constant<Pointers, raw>{});
    case offset64:
      return work(std::integral_constant<Pointers, offset64>{});
    case offset32:
      return work(std::integral_constant<Pointers, offset32>{});
    case self_relative:
      return work(std::integral_constant<Pointers, self_relative>{});
    case none:
      return;
  }
}

}  // namespace

HopsAct::HopsAct(const RoleContext& context, const ListMemory& memory, Mapping control)
    : context_(context),
      memory_(memory),
      control_memory_(std::move(control)),
      stamps_(context.stage->stamps(context.spec.role)) {}

std::uint64_t& HopsAct::address(Role role) const {
  return reinterpret_cast<std::uint64_t*>(control_memory_.data())[role == Role::client ? 0 : 1];
}

void HopsAct::obey(const Order& order, Report& report) {
  const HopsStep step{order.act.step};
  point_ = context_.rungs[order.rung];
  stamped_ = count_ = wrong_ = 0;
  const std::uint64_t before = cpu_time_ns(UsageScope::thread);
  if (step == HopsStep::meet) map_own();
  if (step == HopsStep::link) link();
  if (step == HopsStep::walk) walk_in_turns(order.act);
  if (step == HopsStep::followers) let_follow(order.act);
  StepReport& done = report.steps[0];
  done.stamped = stamped_;
  done.messages = count_;
  done.wrong = wrong_;
  done.cpu_ns = cpu_time_ns(UsageScope::thread) - before;
}

// Two processes of one parent would be given the same address; unrelated ones would not. The
// server, which maps it second, keeps a mapping there until it has got another address.
void HopsAct::map_own() {
  own_ = Mapping(memory_.other, memory_.bytes);
  const auto here = [this] { return reinterpret_cast<std::uintptr_t>(own_.data()); };
  if (context_.spec.role == Role::server && here() == address(Role::client)) {
    const Mapping taken = std::move(own_);
    own_ = Mapping(memory_.other, memory_.bytes);
  }
  address(context_.spec.role) = here();
}

// In the server, whose memory it is: the raw list, and the one that is asked about.
void HopsAct::link() {
  const std::size_t bytes = point_.working_pages * base_page_bytes();
  const auto start = [](const Mapping& mapping) {
    return reinterpret_cast<std::uintptr_t>(mapping.data());
  };
  link_list(memory_.common_raw.bytes().first(bytes), Pointers::raw, start(memory_.common_raw));
  link_list(own_.bytes().first(bytes), point_.pointers, start(memory_.common_other));
}

// Raw pointers are followed where all have the list at one address; everything else at the client's
// own.
void HopsAct::walk_in_turns(const ActOrder& order) {
  const std::uint64_t nodes = point_.working_pages * base_page_bytes() / kListNodeBytes;
  const bool raw = point_.pointers == Pointers::raw;
  const std::byte* bases[] = {memory_.common_raw.data(),
                              raw ? memory_.common_other.data() : own_.data()};
  const ListNode* at[] = {reinterpret_cast<const ListNode*>(bases[0]),
                          reinterpret_cast<const ListNode*>(bases[1])};
  std::uint64_t sums[2] = {}, hops[2] = {};
  in_turns(order.rounds, [&](bool asked) {
    const std::size_t side = asked ? 1 : 0;
    with_kind(asked ? point_.pointers : Pointers::raw, [&](auto constant) {
      const auto run = [&](std::uint64_t n) {
        sums[side] += walk<decltype(constant)::value>(at[side], bases[side], n);
      };
      run(nodes);  // what the other list has driven out of the caches is there again
      keep_window(stamps_, stamped_, timed_window(asked, order.each[side], run));
    });
    hops[side] += nodes + with_lead(order.each[side]);
  });
  for (const std::size_t side : {0, 1}) {
    wrong_ += sums[side] != walked_sum(nodes, hops[side]) ? 1 : 0;
    count_ += hops[side];
  }
}

void HopsAct::let_follow(const ActOrder& order) {
  for (const Left left : {Left::nothing, Left::another_list}) {
    const Followed found = follow_elsewhere(memory_, point_, left, order.singly);
    std::memcpy(&stamps_[stamped_], &found, sizeof found);
    stamped_ += sizeof found / sizeof(std::uint64_t);
  }
}

}  // namespace ipcmark
