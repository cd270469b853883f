// Whether a rung can be measured here at all. A missing ability or a limit is a result, found
// before anything runs.
#include <fmt/format.h>

#include <algorithm>

#include "harness/launch.hpp"
#include "harness/words.hpp"
#include "transports/registry.hpp"

namespace ipcmark {

namespace {

// The receiver must learn from the mechanism where a message ends, and none may be missing.
std::string no_mixture(const Case& point, const Traits& traits) {
  if (point.batch > 1) return "messages of several sizes are handed over one at a time";
  if (traits.lossy)
    return fmt::format("{} loses messages: of which size, nobody could tell", traits.name);
  if (!traits.boundaries && !traits.has_threshold) {
    return fmt::format("{} keeps no message boundaries", traits.name);
  }
  return {};
}

// A backlog that nobody reads; each message names itself in its first word.
std::string no_backlog(const Case& point, const Transport& transport) {
  const Traits& traits = transport.traits;
  if (traits.rendezvous) return fmt::format("{} keeps no backlog", traits.name);
  if (traits.lossy) return fmt::format("{} loses messages of a backlog", traits.name);
  if (point.touch == Touch::none) return "with touch none no message says which it is";
  if (point.message_bytes < sizeof(std::uint64_t)) {
    return fmt::format("{} B cannot name a message: {} B do", point.message_bytes,
                       sizeof(std::uint64_t));
  }
  if (point.precedence == Precedence::fifo) return {};
  const std::string_view ability =
      point.precedence == Precedence::priority ? "send_priority" : "message_types";
  return transport.has(ability) ? "" : fmt::format("{} has no {}", traits.name, ability);
}

bool open_loop(Pattern pattern) { return pattern == Pattern::pace; }

// What a mailbox needs beyond the transport: each message names its producer in its first word, and
// only a stream has several ends.
std::string no_mailbox(const Case& point) {
  if (point.pattern != Pattern::pour) return "only pour has several producers or consumers";
  if (point.batch > 1) return "several producers or consumers hand over one message at a time";
  if (point.touch == Touch::none) return "with touch none no message names its producer";
  if (point.message_bytes >= sizeof(std::uint64_t)) return {};
  return fmt::format("{} B cannot name a producer: {} B do", point.message_bytes,
                     sizeof(std::uint64_t));
}

std::string missing_ability(const Case& point, const Transport& transport) {
  const auto lacks_it = [&](std::string_view ability) {
    return fmt::format("{} has no {}", transport.traits.name, ability);
  };
  const bool in_place = point.access == Access::in_place;
  const bool overtakes = point.pattern == Pattern::overtake;
  const bool one_way = point.pattern == Pattern::pour || open_loop(point.pattern) || overtakes;
  const bool bounded = point.pattern == Pattern::expire || (!one_way && point.timeout_ns != kNever);
  if (std::ranges::find(transport.waits, point.wait) == transport.waits.end()) {
    return fmt::format("{} has no ends that {}", transport.traits.name, word(point.wait));
  }
  if (!transport.has(in_place ? "in_place" : "copy"))
    return lacks_it(in_place ? "reserve/commit" : "send/recv");
  if (one_way && point.batch > 1 && !in_place && !transport.has("send_batch"))
    return lacks_it("send_batch");
  if (point.depth != 0 && !transport.traits.takes_depth) return lacks_it("depth to choose");
  if (bounded && (in_place || !transport.has("recv_until"))) return lacks_it("recv_until");
  if (open_loop(point.pattern) && in_place) return lacks_it("open loop in place");
  if (overtakes && in_place) return lacks_it("backlog in place");
  if (!transport.traits.answers && point.pattern != Pattern::pour) return lacks_it("way back");
  if (point.mixed()) {
    if (auto why = no_mixture(point, transport.traits); !why.empty()) return why;
  }
  if (overtakes) {
    if (auto why = no_backlog(point, transport); !why.empty()) return why;
  }
  if (point.shared()) {
    if (auto why = no_mailbox(point); !why.empty()) return why;
  }
  if (transport.traits.lossy && one_way && point.touch == Touch::none) {
    return fmt::format("{} loses messages: with touch none nobody could tell which",
                       transport.traits.name);
  }
  if (transport.traits.lossy && open_loop(point.pattern)) {
    return fmt::format("{} loses messages: an open loop awaits each of them",
                       transport.traits.name);
  }
  if (transport.traits.one_in_flight && one_way) {
    return fmt::format("{} holds one message at a time", transport.traits.name);
  }
  return {};
}

}  // namespace

std::string refusal(const Case& point, const std::string& prefix) {
  const Transport* transport = find_transport(point.transport);
  if (transport == nullptr) return fmt::format("no transport named {}", point.transport);
  if (auto why = missing_ability(point, *transport); !why.empty()) return why;
  const std::uint64_t most = std::max(point.message_bytes, point.reply_bytes);
  if (most > transport->traits.max_bytes) {
    return fmt::format("{} B is more than {} carries: {} B", most, point.transport,
                       transport->traits.max_bytes);
  }
  try {
    [[maybe_unused]] const auto channel = transport->open(shape_of(point, prefix));
  } catch (const Unavailable& missing) {
    return missing.what();
  }
  return {};
}

Shape widest_shape(const std::vector<Case>& rungs, const std::string& prefix) {
  Shape widest = shape_of(rungs.front(), prefix);
  widest.threshold_bytes = widest.reply_threshold_bytes = 0;
  for (const auto& rung : rungs) {
    const Shape shape = shape_of(rung, prefix);
    widest.message_bytes = std::max(widest.message_bytes, shape.message_bytes);
    widest.reply_bytes = std::max(widest.reply_bytes, shape.reply_bytes);
    widest.batch = std::max(widest.batch, shape.batch);
    widest.depth = std::max(widest.depth, shape.depth);
    // The largest payload that any rung sends inline: a queue's own limit is not asked for more.
    widest.threshold_bytes =
        std::max(widest.threshold_bytes, std::min(shape.threshold_bytes, shape.message_bytes));
    widest.reply_threshold_bytes = std::max(
        widest.reply_threshold_bytes, std::min(shape.reply_threshold_bytes, shape.reply_bytes));
  }
  return widest;
}

}  // namespace ipcmark
