// `ipcmark list`: what the registries hold, and what of it this machine has.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/availability.hpp"
#include "harness/commands.hpp"
#include "harness/experiment.hpp"
#include "harness/journal.hpp"
#include "harness/placement.hpp"
#include "harness/plugins.hpp"
#include "harness/topology.hpp"
#include "harness/transport_list.hpp"
#include "harness/words.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

constexpr std::size_t kShownPairs = 3;

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
  if (what == "placements") return placements_json();
  if (what == "transports") return transports_json();
  auto all = json::array();
  for (const Experiment& experiment : experiments()) all.push_back(experiment_json(experiment));
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
