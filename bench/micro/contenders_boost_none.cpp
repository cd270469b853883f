// Built where Boost is not.
#include <stdexcept>

#include "bench/micro/contenders.hpp"

namespace ipcmark::micro {

bool has_boost() { return false; }
Contender boost_stream(const Traffic&) { throw std::logic_error("built without Boost"); }

}  // namespace ipcmark::micro
