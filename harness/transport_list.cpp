#include "harness/transport_list.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/axes.hpp"
#include "harness/help.hpp"
#include "harness/units.hpp"
#include "harness/words.hpp"
#include "transports/registry.hpp"
#include "transports/variants.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::uint64_t kProbeBytes = 64;
constexpr std::size_t kName = 22;  // column of what follows a transport's name
constexpr std::size_t kLineWidth = 100;

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

json entry(const Transport& transport, const Variant& variant, const json& limits) {
  const Traits& traits = transport.traits;
  auto waits = json::array();
  for (const Wait wait : transport.waits) waits.push_back(word(wait));
  auto abilities = json(transport.abilities);
  if (traits.takes_depth) abilities.push_back("depth");
  if (traits.has_buffer) abilities.push_back("buffer_bytes");
  if (traits.has_nodelay) abilities.push_back("nodelay");
  const std::string reason = missing(transport, probe(transport, variant, kProbeBytes));
  return {{"name", traits.name},
          {"variant", variant_json(variant)},
          {"summary", traits.summary},
          {"available", reason.empty()},
          {"reason", reason},
          {"family", word(traits.family)},
          {"copies", traits.copies},
          {"boundaries", traits.boundaries},
          {"answers", traits.answers},
          {"carries_payload", traits.carries_payload},
          {"max_bytes", limits["max_bytes"]},
          {"limited_by", limits["limited_by"]},
          {"waits", std::move(waits)},
          {"abilities", std::move(abilities)}};
}

std::string joined(const json& words) {
  return fmt::format("{}", fmt::join(words.get<std::vector<std::string>>(), ", "));
}

// "sysv_shm 2Mi", "path".
std::string name_of(const json& variant) {
  std::string name = variant.value("backing", "");
  if (variant.contains("page_bytes")) {
    name += " " + format_quantity(variant["page_bytes"], Unit::bytes);
  }
  if (variant.contains("address")) {
    name += (name.empty() ? "" : " ") + variant["address"].get<std::string>();
  }
  return name;
}

void print_transport(const json& one) {
  const json& most = one["max_bytes"];
  const std::size_t every_wait = Words<Wait>::table.size();
  fmt::print("{:<{}} {:<5} {:<14} {:<7} {:<9} {:<12} {}\n", one["name"].get<std::string>(), kName,
             one["available"].get<bool>() ? "yes" : "no", one["family"].get<std::string>(),
             one["copies"].get<int>(), most.is_null() ? "-" : format_quantity(most, Unit::bytes),
             one["waits"].size() == every_wait ? "all" : joined(one["waits"]),
             joined(one["abilities"]));
}

using Reasons = std::map<std::string, std::vector<std::string>>;  // and what they are for

// The variants of one transport in a row, those that are not here in another.
void print_variants(std::span<const json> entries, Reasons& reasons) {
  std::vector<std::string> here, missing;
  for (const json& one : entries) {
    const std::string name = name_of(one["variant"]);
    const bool available = one["available"];
    (available ? here : missing).push_back(name);
    if (!available)
      reasons[one["reason"]].push_back(one["name"].get<std::string>() + (name.empty() ? "" : " ") +
                                       name);
  }
  const auto print = [](const char* title, const std::vector<std::string>& names) {
    if (names.empty()) return;
    const std::string row = fmt::format("{}: {}", title, fmt::join(names, ", "));
    fmt::print("{:<{}} {}\n", "", kName, wrapped(row, kLineWidth - kName, kName + 1));
  };
  print("here", here);
  print("not here", missing);
}

void print_reasons(const Reasons& reasons) {
  if (!reasons.empty()) fmt::print("\nnot here\n");
  for (const auto& [reason, names] : reasons) {
    fmt::print("  {}\n    {}\n", reason,
               wrapped(fmt::format("{}", fmt::join(names, ", ")), kLineWidth - 4, 4));
  }
}

}  // namespace

json transports_json() {
  auto all = json::array();
  for (const Transport& transport : transports()) {
    const auto forms = variants(transport.traits);
    const json limits = limits_of(transport, forms.front());
    for (const Variant& variant : forms) all.push_back(entry(transport, variant, limits));
  }
  return all;
}

void print_transports(const json& entries) {
  fmt::print("{:<{}} {:<5} {:<14} {:<7} {:<9} {:<12} {}\n", "transport", kName, "here", "family",
             "copies", "largest", "waits", "abilities");
  const std::vector<json> all(entries.begin(), entries.end());
  Reasons reasons;
  for (std::size_t i = 0, next = 0; i < all.size(); i = next) {
    while (next < all.size() && all[next]["name"] == all[i]["name"]) ++next;
    print_transport(all[i]);
    if (next - i > 1) {
      print_variants({&all[i], next - i}, reasons);
    } else if (!all[i]["available"].get<bool>()) {
      reasons[all[i]["reason"]].push_back(all[i]["name"]);
    }
  }
  print_reasons(reasons);
}

}  // namespace ipcmark
