// One side of a stack whose nodes come back.
#pragma once

#include <cstdint>
#include <span>

#include "harness/effect.hpp"
#include "harness/paired.hpp"
#include "harness/tagged_stack.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

// cost: the client alone, in pairs of windows. storm: both sides take and give back at once.
// stall: the server's pop is stopped between its look and its exchange.
enum class ReuseStep : std::uint32_t { prepare, cost, storm, stall };

// One storm as the client leaves it in its stamps.
struct StormSeen {
  std::uint64_t ticks = 0;
  std::uint64_t held_twice = 0;  // nodes given to somebody while another had them, or more often
  std::uint64_t lost = 0;        // nodes that nobody has and the stack no longer leads to
  std::uint64_t endless = 0;     // the stack leads back into itself
};
struct StallSeen {
  std::uint64_t ticks = 0;       // of the updates: how long the pop was stopped
  std::uint64_t undetected = 0;  // its exchange succeeded all the same
  std::uint64_t corrupted = 0;   // and the top is now a node that somebody holds
};

class ReuseAct : public Act {
 public:
  ReuseAct(const RoleContext& context, Mapping memory);
  void obey(const Order& order, Report& report) override;

 private:
  void prepare(const Order& order);
  template <Counter C>
  void play(const ActOrder& order);
  void cost(const ActOrder& order);
  template <Counter C>
  void cost_window(const ActOrder& order, bool asked);
  template <Counter C>
  void storm(const ActOrder& order);
  template <Counter C>
  void take_and_give(TaggedStack<C>& stack, std::uint64_t times);
  template <Counter C>
  StormSeen look(const TaggedStack<C>& stack, std::uint64_t ticks) const;
  template <Counter C>
  void stall(const ActOrder& order);
  template <Counter C>
  void stopped_pop(TaggedStack<C>& stack, std::uint64_t turn);
  template <Counter C>
  void turn_round(TaggedStack<C>& stack, std::uint64_t updates);
  void hold(std::uint64_t node);
  void let_go(std::uint64_t node);
  template <class Seen>
  void keep(const Seen& seen);
  [[nodiscard]] StackMemory& memory() const {
    return *reinterpret_cast<StackMemory*>(mapping_.data());
  }
  [[nodiscard]] bool client() const { return context_.spec.role == Role::client; }

  const RoleContext& context_;
  Mapping mapping_;
  std::span<std::uint64_t> stamps_;
  Case point_;
  std::uint64_t stamped_ = 0, count_ = 0;
  std::uint64_t held_twice_ = 0;
};

}  // namespace ipcmark
