// Whether a rung can be measured here at all. A missing ability or a limit is a result, found
// before anything runs.
#include <fmt/format.h>

#include <algorithm>

#include "harness/launch.hpp"
#include "harness/own_queues.hpp"
#include "harness/words.hpp"
#include "transports/registered.hpp"

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
  if (point.pattern != Pattern::pour && point.pattern != Pattern::deal) {
    return "only pour and deal have several producers or consumers";
  }
  if (point.batch > 1) return "several producers or consumers hand over one message at a time";
  if (point.touch == Touch::none) return "with touch none no message names its producer";
  if (point.message_bytes >= sizeof(std::uint64_t)) return {};
  return fmt::format("{} B cannot name a producer: {} B do", point.message_bytes,
                     sizeof(std::uint64_t));
}

// What dealing for a time needs: each message is told by its first word, the last one too.
std::string no_deal(const Case& point, const Transport& transport) {
  const auto& traits = transport.traits;
  if (auto why = no_mailbox(point); !why.empty()) return why;
  if (traits.lossy) return fmt::format("{} may lose the message that ends a deal", traits.name);
  if (!traits.carries_payload) return fmt::format("{} carries no payload to tell by", traits.name);
  const bool addressed = point.sharing != Sharing::any;
  if (addressed && point.producers > 1) {
    return fmt::format("sharing {} has one producer", word(point.sharing));
  }
  if (point.credits > 0 && !addressed) return "credits are for messages with an address";
  if (point.full != Full::block && addressed) return "with addresses nothing is refused or dropped";
  const bool tries = point.full != Full::block || point.sharing == Sharing::own;
  if (tries && !transport.has("try_send")) return fmt::format("{} has no try_send", traits.name);
  return {};
}

std::string no_window(const Case& point, const Traits& traits) {
  if (point.window == 1) return {};
  if (traits.lossy) return fmt::format("{} may lose one of several messages out", traits.name);
  if (traits.one_in_flight || traits.rendezvous) {
    return fmt::format("window {} is more than {} holds: one message at a time", point.window,
                       traits.name);
  }
  return {};
}

std::string missing_ability(const Case& point, const Transport& transport) {
  const auto lacks_it = [&](std::string_view ability) {
    return fmt::format("{} has no {}", transport.traits.name, ability);
  };
  const bool in_place = point.access == Access::in_place;
  const bool dealt = point.pattern == Pattern::deal;
  const bool overtakes = point.pattern == Pattern::overtake;
  const bool one_way =
      point.pattern == Pattern::pour || dealt || open_loop(point.pattern) || overtakes;
  const bool looks = point.poll_interval_ns != 0 || point.pattern == Pattern::retry;
  const bool bounded =
      point.pattern == Pattern::expire || looks || (!one_way && point.timeout_ns != kNever);
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
  if (!transport.traits.answers && point.pattern != Pattern::pour && !dealt) {
    return lacks_it("way back");
  }
  if (point.mixed()) {
    if (auto why = no_mixture(point, transport.traits); !why.empty()) return why;
  }
  if (overtakes) {
    if (auto why = no_backlog(point, transport); !why.empty()) return why;
  }
  if (point.handover == Handover::rendezvous && !transport.traits.rendezvous) {
    return lacks_it("rendezvous: it buffers");
  }
  if (point.handover == Handover::buffered && transport.traits.rendezvous) {
    return lacks_it("buffer: it hands over from hand to hand");
  }
  if (dealt && in_place) return lacks_it("dealing in place");
  if (auto why = no_window(point, transport.traits); !why.empty()) return why;
  if (dealt) {
    if (auto why = no_deal(point, transport); !why.empty()) return why;
  }
  if (point.pattern == Pattern::detect && point.roles == RoleKind::thread) {
    return "a thread is neither killed nor stopped alone";
  }
  // Of victims there is one channel, or none.
  if (point.shared() && point.victim == Victim::none) {
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

std::unique_ptr<Channel> open_channel(const Case& point, const Shape& widest) {
  const Transport& transport = *find_transport(point.transport);
  return point.sharing == Sharing::own ? open_own_queues(transport, widest)
                                       : transport.open(widest);
}

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
    [[maybe_unused]] const auto channel = open_channel(point, shape_of(point, prefix));
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
