// Children that follow a list's links at another address than the one it was made at, and may die
// of it: what became of them is the result.
#pragma once

#include <cstdint>

#include "harness/hops_act.hpp"

namespace ipcmark {

// What lies in the child where the list lay in its maker.
enum class Left : std::uint64_t { nothing, another_list };

// `trials` children, one after the other, each a fork of the caller. Throws where one ends as
// nothing that a wrong pointer does, or not in time.
[[nodiscard]] Followed follow_elsewhere(const ListMemory& memory, const Case& point, Left left,
                                        std::uint64_t trials);

}  // namespace ipcmark
