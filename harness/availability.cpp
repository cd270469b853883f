#include "harness/availability.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/axes.hpp"

namespace ipcmark {

namespace {

using nlohmann::json;

constexpr std::uint64_t kProbeBytes = 64;

// Opened in this process and at once closed; why not, or empty.
std::string missing(const Transport& transport, std::uint64_t bytes) {
  Shape shape;
  shape.message_bytes = bytes;
  shape.reply_bytes = transport.traits.answers ? bytes : 0;
  // A hybrid carries through its arena what its queue would refuse.
  if (transport.traits.has_threshold) shape.threshold_bytes = shape.reply_threshold_bytes = 0;
  shape.wait = transport.waits.empty() ? Wait::block : transport.waits.back();
  shape.access = transport.has("copy") ? Access::copy : Access::in_place;
  shape.backing = transport.traits.shares_memory ? Backing::memfd : Backing::none;
  shape.prefix = fmt::format("ipcmark-list-{}", ::getpid());
  try {
    static_cast<void>(transport.open(shape));
    return {};
  } catch (const std::exception& error) {
    return error.what();
  }
}

struct Largest {
  json bytes;          // null where no size that can be asked for is refused
  std::string reason;  // what the next byte meets, as the mechanism says it
};

// The limit of a mechanism that declares none is what it refuses to open: the size is halved in.
Largest largest(const Transport& transport, std::uint64_t admitted) {
  if (transport.traits.max_bytes != kNever) return {transport.traits.max_bytes, {}};
  std::uint64_t refused = kLargestMessage;
  std::string reason = missing(transport, refused);
  if (reason.empty()) return {};
  while (refused - admitted > 1) {
    const std::uint64_t middle = admitted + (refused - admitted) / 2;
    const std::string why = missing(transport, middle);
    (why.empty() ? admitted : refused) = middle;
    if (!why.empty()) reason = why;
  }
  return {admitted, std::move(reason)};
}

}  // namespace

json availability(const Transport& transport) {
  const std::uint64_t probed = std::min(kProbeBytes, transport.traits.max_bytes);
  const std::string reason = missing(transport, probed);
  const Largest most = reason.empty() ? largest(transport, probed) : Largest{};
  return {{"reason", reason}, {"max_bytes", most.bytes}, {"limited_by", most.reason}};
}

}  // namespace ipcmark
