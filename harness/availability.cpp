#include "harness/availability.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/axes.hpp"
#include "harness/words.hpp"
#include "transports/variants.hpp"

namespace ipcmark {

namespace {

using nlohmann::json;

constexpr std::uint64_t kProbeBytes = 64;

Shape probe(const Transport& transport, const Variant& variant, std::uint64_t bytes) {
  Shape shape;
  shape.message_bytes = shape.reply_bytes = std::min(bytes, transport.traits.max_bytes);
  if (!transport.traits.answers) shape.reply_bytes = 0;
  // A hybrid carries through its arena what its queue would refuse.
  if (transport.traits.has_threshold) shape.threshold_bytes = shape.reply_threshold_bytes = 0;
  shape.wait = transport.waits.empty() ? Wait::block : transport.waits.back();
  shape.access = transport.has("copy") ? Access::copy : Access::in_place;
  variant.apply(shape);
  shape.prefix = fmt::format("ipcmark-list-{}", ::getpid());
  return shape;
}

// Opened in this process and at once closed; why not, or empty.
std::string missing(const Transport& transport, const Shape& shape) {
  try {
    static_cast<void>(transport.open(shape));
    return {};
  } catch (const std::exception& error) {
    return error.what();
  }
}

// The largest message that can be had here, found by trying, and what refuses a larger one.
json limits_of(const Transport& transport, const Variant& variant) {
  const auto refused = [&](std::uint64_t bytes) {
    return missing(transport, probe(transport, variant, bytes));
  };
  const std::uint64_t fixed = transport.traits.max_bytes;
  if (fixed != kNever) return {{"max_bytes", fixed}, {"limited_by", ""}};
  std::string reason = refused(kLargestMessage);
  if (reason.empty()) return {{"max_bytes", nullptr}, {"limited_by", ""}};
  std::uint64_t works = kProbeBytes, fails = kLargestMessage;
  while (fails - works > 1) {
    const std::uint64_t middle = works + (fails - works) / 2;
    std::string why = refused(middle);
    if (why.empty()) {
      works = middle;
    } else {
      fails = middle, reason = std::move(why);
    }
  }
  return {{"max_bytes", works}, {"limited_by", reason}};
}

json variant_json(const Variant& variant) {
  auto axes = json::object();
  if (variant.backing != Backing::none) axes["backing"] = word(variant.backing);
  if (variant.page_bytes != 0) axes["page_bytes"] = variant.page_bytes;
  if (variant.address != Address::none) axes["address"] = word(variant.address);
  return axes;
}

}  // namespace

json availability(const Transport& transport) {
  auto all = json::array();
  const auto forms = variants(transport.traits);
  const json limits = limits_of(transport, forms.front());
  for (const Variant& form : forms) {
    json one = limits;
    one["variant"] = variant_json(form);
    one["reason"] = missing(transport, probe(transport, form, kProbeBytes));
    all.push_back(std::move(one));
  }
  return all;
}

json unavailable(const Transport& transport, const std::string& reason) {
  auto all = json::array();
  for (const Variant& form : variants(transport.traits)) {
    all.push_back({{"variant", variant_json(form)},
                   {"reason", reason},
                   {"max_bytes", nullptr},
                   {"limited_by", ""}});
  }
  return all;
}

}  // namespace ipcmark
