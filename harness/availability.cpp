#include "harness/availability.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace ipcmark {

namespace {

constexpr std::uint64_t kProbeBytes = 64;

}  // namespace

std::string why_not_here(const Transport& transport) {
  Shape shape;
  shape.message_bytes = shape.reply_bytes = std::min(kProbeBytes, transport.traits.max_bytes);
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

}  // namespace ipcmark
