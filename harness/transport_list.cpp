#include "harness/transport_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/availability.hpp"
#include "harness/help.hpp"
#include "harness/plugins.hpp"
#include "harness/units.hpp"
#include "harness/words.hpp"
#include "transports/registered.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::size_t kName = 22;  // column of what follows a transport's name
constexpr std::size_t kLineWidth = 100;

// A plug-in's transport is opened in a child of its own: its code never runs in here.
json availability_of(const Transport& transport) {
  return plugin_of(transport.traits.name) != nullptr ? availability_of_plugin(transport)
                                                     : availability(transport);
}

// What a transport says of itself, and what was found of this form of it here.
json entry(const Transport& transport, const json& form) {
  json all = promises_of(transport);
  auto waits = json::array();
  for (const Wait wait : transport.waits) waits.push_back(word(wait));
  const Plugin* plugin = plugin_of(transport.traits.name);
  all.update({{"name", transport.traits.name},
              {"variant", form.at("variant")},
              {"available", form.at("reason") == ""},
              {"reason", form.at("reason")},
              {"plugin", plugin == nullptr ? json() : json(plugin->path)},
              {"max_bytes", form.at("max_bytes")},
              {"limited_by", form.at("limited_by")},
              {"waits", std::move(waits)}});
  return all;
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

// "all", or those that it lacks where these are the fewer.
std::string waits_of(const json& present) {
  std::vector<std::string> lacking;
  for (const auto& [wait, name] : Words<Wait>::table) {
    if (std::ranges::find(present, json(name)) == present.end()) lacking.emplace_back(name);
  }
  if (lacking.empty()) return "all";
  if (lacking.size() >= present.size()) return joined(present);
  return fmt::format("all but {}", fmt::join(lacking, ", "));
}

void print_transport(const json& one) {
  const json& most = one["max_bytes"];
  fmt::print("{:<{}} {:<5} {:<14} {:<7} {:<9} {:<22} {}\n", one["name"].get<std::string>(), kName,
             one["available"].get<bool>() ? "yes" : "no", one["family"].get<std::string>(),
             one["copies"].get<int>(), most.is_null() ? "-" : format_quantity(most, Unit::bytes),
             waits_of(one["waits"]), joined(one["abilities"]));
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

json promises_of(const Transport& transport) {
  const Traits& traits = transport.traits;
  auto abilities = json(transport.abilities);
  if (traits.takes_depth) abilities.push_back("depth");
  if (traits.has_buffer) abilities.push_back("buffer_bytes");
  if (traits.has_nodelay) abilities.push_back("nodelay");
  return {
      {"summary", traits.summary},
      {"family", word(traits.family)},
      {"copies", traits.copies},
      {"copies_in_place", transport.has("in_place") ? json(traits.copies_in_place) : json(nullptr)},
      {"boundaries", traits.boundaries},
      {"answers", traits.answers},
      {"carries_payload", traits.carries_payload},
      {"lossy", traits.lossy},
      {"most_producers", traits.most_producers},
      {"most_consumers", traits.most_consumers},
      {"abilities", std::move(abilities)}};
}

json transports_json() {
  auto all = json::array();
  for (const Transport& transport : transports()) {
    for (const json& form : availability_of(transport)) all.push_back(entry(transport, form));
  }
  return all;
}

void print_transports(const json& entries) {
  fmt::print("{:<{}} {:<5} {:<14} {:<7} {:<9} {:<22} {}\n", "transport", kName, "here", "family",
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
