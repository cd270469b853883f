// A value known at run time, as a constant that a loop is compiled for.
#pragma once

#include <type_traits>

namespace ipcmark {

// Calls `work` with the one of `kValues` that `value` is, as an integral constant; not at all where
// it is none of them. Chosen once, outside of loops.
template <auto... kValues, class Value, class Work>
void with_constant(Value value, Work work) {
  ((value == kValues ? work(std::integral_constant<Value, kValues>{}) : void()), ...);
}

}  // namespace ipcmark
