// `ipcmark list`: what the registries hold, and what of it this machine has.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/axes.hpp"
#include "harness/commands.hpp"
#include "harness/experiment.hpp"
#include "harness/journal.hpp"
#include "harness/placement.hpp"
#include "harness/topology.hpp"
#include "harness/units.hpp"
#include "harness/words.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::uint64_t kProbeBytes = 64;
constexpr std::size_t kShownPairs = 3;

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

json transport_json(const Transport& transport) {
  const Traits& traits = transport.traits;
  const std::uint64_t probed = std::min(kProbeBytes, traits.max_bytes);
  auto waits = json::array();
  for (const Wait wait : transport.waits) waits.push_back(word(wait));
  const std::string reason = missing(transport, probed);
  const Largest most = reason.empty() ? largest(transport, probed) : Largest{};
  return {{"name", traits.name},
          {"summary", traits.summary},
          {"available", reason.empty()},
          {"reason", reason},
          {"family", word(traits.family)},
          {"copies", traits.copies},
          {"boundaries", traits.boundaries},
          {"answers", traits.answers},
          {"carries_payload", traits.carries_payload},
          {"max_bytes", most.bytes},
          {"limited_by", most.reason},
          {"waits", std::move(waits)},
          {"abilities", transport.abilities}};
}

std::string joined(const json& words) {
  return fmt::format("{}", fmt::join(words.get<std::vector<std::string>>(), ", "));
}

void print_transports(const json& all) {
  fmt::print("{:<22} {:<5} {:<14} {:<7} {:<7} {:<12} {}\n", "transport", "here", "family", "copies",
             "largest", "waits", "abilities");
  const std::size_t every_wait = Words<Wait>::table.size();
  for (const json& one : all) {
    const std::string largest =
        one["max_bytes"].is_null() ? "-" : format_quantity(one["max_bytes"], Unit::bytes);
    const bool available = one["available"];
    fmt::print("{:<22} {:<5} {:<14} {:<7} {:<7} {:<12} {}\n", one["name"].get<std::string>(),
               available ? "yes" : "no", one["family"].get<std::string>(), one["copies"].get<int>(),
               largest, one["waits"].size() == every_wait ? "all" : joined(one["waits"]),
               joined(one["abilities"]));
    if (!available) fmt::print("{:<22} {}\n", "", one["reason"].get<std::string>());
  }
}

json experiment_json(const Experiment& experiment) {
  return {{"name", experiment.name},
          {"question", experiment.question},
          {"ladder", experiment.ladder},
          {"mirrored", experiment.mirrored},
          {"defaults", experiment.defaults}};
}

void print_experiments(const json& all) {
  fmt::print("{:<22} {}\n", "experiment", "question");
  for (const json& one : all) {
    fmt::print("{:<22} {}\n", one["name"].get<std::string>(), one["question"].get<std::string>());
  }
}

json placements_json() {
  auto all = json::array();
  const Topology topology = Topology::this_machine();
  for (const PlacementOffer& offer : offer_placements(topology.cpus(), kShownPairs)) {
    auto pairs = json::array();
    for (const CpuPair& pair : offer.pairs) pairs.push_back({pair.client, pair.server});
    all.push_back({{"name", word(offer.placement)},
                   {"available", offer.reason.empty()},
                   {"reason", offer.reason},
                   {"pairs", std::move(pairs)}});
  }
  return all;
}

void print_placements(const json& all) {
  fmt::print("{:<22} {:<5} {}\n", "placement", "here", "CPUs, client-server, best first");
  for (const json& one : all) {
    std::vector<std::string> pairs;
    for (const json& pair : one["pairs"]) {
      pairs.push_back(fmt::format("{}-{}", pair[0].get<int>(), pair[1].get<int>()));
    }
    const bool available = one["available"];
    fmt::print(
        "{:<22} {:<5} {}\n", one["name"].get<std::string>(), available ? "yes" : "no",
        available ? fmt::format("{}", fmt::join(pairs, ", ")) : one["reason"].get<std::string>());
  }
}

json facts_of(const std::string& what) {
  auto all = json::array();
  if (what == "placements") return placements_json();
  if (what == "experiments") {
    for (const Experiment& experiment : experiments()) all.push_back(experiment_json(experiment));
  } else {
    for (const Transport& transport : transports()) all.push_back(transport_json(transport));
  }
  return all;
}

}  // namespace

int list_command(const Options& options) {
  name_journal();  // a queue that is opened to see whether it can be could outlive a kill
  auto lists = json::object();
  bool first = true;
  for (const std::string& what : options.what) {
    lists[what] = facts_of(what);
    if (options.json) continue;
    if (!std::exchange(first, false)) fmt::print("\n");
    if (what == "transports") print_transports(lists[what]);
    if (what == "experiments") print_experiments(lists[what]);
    if (what == "placements") print_placements(lists[what]);
  }
  if (options.json) fmt::print("{}\n", lists.dump(1));
  return 0;
}

}  // namespace ipcmark
