// What the machine did on the two measured CPUs while a rung was visited.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ipcmark {

class RungWatch {
 public:
  void begin(int, int) {}
  void end() {}
};

}  // namespace ipcmark
