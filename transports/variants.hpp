// One mechanism in its several forms: other memory, other pages, another kind of address.
#pragma once

#include <cstdint>
#include <vector>

#include "transports/transport.hpp"

namespace ipcmark {

// Of each axis that the transport lacks, none or 0.
struct Variant {
  Backing backing = Backing::none;
  std::uint64_t page_bytes = 0;
  Address address = Address::none;

  bool operator==(const Variant&) const = default;
  void apply(Shape& shape) const {
    shape.backing = backing;
    shape.page_bytes = page_bytes;
    shape.address = address;
  }
};

// The default first, then each that differs from it in one respect (a backing and its pages are
// one: where memory comes from). Whether this machine has them is found by opening.
[[nodiscard]] std::vector<Variant> variants(const Traits& traits);

}  // namespace ipcmark
