#include "transports/payload_buffers.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace ipcmark {

void PayloadBuffers::grow(Memory& memory, std::size_t& have, std::size_t want) {
  if (want <= have) return;
  memory.reset(static_cast<std::byte*>(std::aligned_alloc(4096, want)));
  if (!memory) throw std::bad_alloc();
  std::memset(memory.get(), 0, want);  // touched here, after pinning, and never in a measured loop
  have = want;
}

void PayloadBuffers::fit(const Shape& shape, const Shape& widest) {
  const auto pages = [](std::size_t n) { return (kFront + n + 4095) / 4096 * 4096 + 4096; };
  message_bytes_ = shape.message_bytes;
  reply_bytes_ = shape.reply_bytes;
  // Some mechanisms want room for the widest message they were opened for, whatever arrives.
  const std::size_t all = shape.batch * shape.message_bytes + widest.message_bytes;
  grow(messages_, messages_room_, pages(all));
  grow(reply_, reply_room_, pages(std::max(widest.reply_bytes, widest.message_bytes)));
}

}  // namespace ipcmark
