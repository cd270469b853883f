#include "transports/registry.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "transports/patience.hpp"

namespace ipcmark {

namespace {

std::vector<Transport>& entries() {
  static std::vector<Transport>
      all;  // built by the first Register, whatever the order of initialisation
  return all;
}

}  // namespace

const std::vector<Transport>& transports() { return entries(); }

const Transport* find_transport(std::string_view name) {
  const auto found =
      std::ranges::find(entries(), name, [](const Transport& t) { return t.traits.name; });
  return found == entries().end() ? nullptr : &*found;
}

void register_transport(Transport transport) {
  auto& all = entries();
  const auto name = transport.traits.name;
  const auto at =
      std::ranges::lower_bound(all, name, {}, [](const Transport& t) { return t.traits.name; });
  all.insert(at, std::move(transport));
}

void lacks(std::string_view transport, std::string_view ability) {
  throw Unavailable(std::string(transport) + " has no " + std::string(ability));
}

void require_admits(const Traits& traits, const Shape& widest) {
  if (widest.buffer_bytes != 0 && !traits.has_buffer) lacks(traits.name, "buffer_bytes");
  if (widest.page_bytes != 0 && !traits.shares_memory) lacks(traits.name, "page_bytes");
  if (widest.address != Address::none && !traits.has_address) lacks(traits.name, "address");
  if (widest.nodelay != NoDelay::none && !traits.has_nodelay) lacks(traits.name, "nodelay");
  if (widest.producers > traits.most_producers || widest.consumers > traits.most_consumers) {
    throw Unavailable(std::string(traits.name) + ": " + std::to_string(widest.producers) +
                      " producers and " + std::to_string(widest.consumers) +
                      " consumers asked for (limit " + std::to_string(traits.most_producers) +
                      " and " + std::to_string(traits.most_consumers) + ")");
  }
  if (widest.wait == Wait::epoll) require_epoll_pwait2();
  const auto wanted = std::max(widest.message_bytes, widest.reply_bytes);
  if (wanted <= traits.max_bytes) return;
  throw Unavailable(std::string(traits.name) + ": " + std::to_string(wanted) +
                    " bytes asked for (limit " + std::to_string(traits.max_bytes) + ")");
}

}  // namespace ipcmark
