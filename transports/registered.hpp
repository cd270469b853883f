// The transports that have entered themselves, for whoever opens channels and knows none by name.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transports/end.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

// One registered mechanism. `open` throws Unavailable where it cannot be had.
struct Transport {
  Traits traits;
  std::vector<Wait> waits;             // wait policies it has ends for
  std::vector<std::string> abilities;  // as the concepts of transport.hpp find them
  std::unique_ptr<Channel> (*open)(const Shape& widest) = nullptr;

  [[nodiscard]] bool has(std::string_view ability) const {
    return std::ranges::find(abilities, ability) != abilities.end();
  }
};

// Sorted by name.
[[nodiscard]] const std::vector<Transport>& transports();
// nullptr when there is none of that name.
[[nodiscard]] const Transport* find_transport(std::string_view name);
void register_transport(Transport transport);

}  // namespace ipcmark
