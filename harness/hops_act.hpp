// One side of a list in shared memory: the server makes it, the client follows it, and lets
// children follow it who may die of it.
#pragma once

#include <cstdint>
#include <span>

#include "harness/effect.hpp"
#include "harness/linked_list.hpp"
#include "harness/paired.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

enum class HopsStep : std::uint32_t { meet, link, walk, followers };

// Where the list lies: twice at an address that all processes of the launch have from their parent,
// one for raw pointers and one for what is compared with them, and the second once more at an
// address that is the role's alone.
struct ListMemory {
  Fd raw, other;
  std::size_t bytes = 0;
  Mapping common_raw, common_other;
};

// What a child came to that mapped the list for itself.
struct Followed {
  std::uint64_t trials = 0, right = 0, wrong = 0, faults = 0;
};

class HopsAct : public Act {
 public:
  HopsAct(const RoleContext& context, const ListMemory& memory, Mapping control);
  void obey(const Order& order, Report& report) override;

 private:
  void map_own();
  void link();
  void walk_in_turns(const ActOrder& order);
  void let_follow(const ActOrder& order);
  [[nodiscard]] std::uint64_t& address(Role role) const;

  const RoleContext& context_;
  const ListMemory& memory_;
  Mapping control_memory_, own_;
  std::span<std::uint64_t> stamps_;
  Case point_;
  std::uint64_t stamped_ = 0, count_ = 0, wrong_ = 0;
};

}  // namespace ipcmark
