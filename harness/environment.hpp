#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/build_info.hpp"
#include "harness/plugins.hpp"
#include "harness/topology.hpp"

namespace ipcmark {

// The three keys of a run, each an object of the fields it was made of and `key`, their hash.
// Two runs compare when machine and epoch are equal; a build is what may differ.

// Hardware: architecture, CPU identity, counts and caches, RAM in GiB. Survives reboots, kernels
// and firmware; says nothing of who owns it.
[[nodiscard]] nlohmann::json machine_key(const nlohmann::json& facts, const Topology& topology);

// What changes how the hardware behaves: kernel and its parameters, microcode, firmware,
// mitigations, SMT, frequency and idle policy, THP, clocksource, hypervisor, emulator, libc,
// schema, placements' CPUs.
[[nodiscard]] nlohmann::json epoch_key(const nlohmann::json& facts, const Topology& topology);

// The program's and the plug-ins' build-ids (by file name; of a file without one the hash of its
// content), compiler and flags.
[[nodiscard]] nlohmann::json build_key(const BuildInfo& build, const std::vector<Plugin>& plugins);

// The same fields give the same key on every machine and in every version: 16 hex digits.
[[nodiscard]] nlohmann::json with_key(nlohmann::json fields);

// One field by which two environments differ; a value is as it stands there, null where it is
// missing.
struct Difference {
  std::string part;   // machine, epoch
  std::string field;  // "key" where a part has none, or only its key differs
  nlohmann::json here, there;
};

// What forbids comparing runs of two environments; empty when they compare.
[[nodiscard]] std::vector<Difference> differences(const nlohmann::json& here,
                                                  const nlohmann::json& there);

// All of environment.json: machine, epoch, build, facts (with commit and hwloc's summary), doubts.
[[nodiscard]] nlohmann::json describe_environment(const nlohmann::json& facts,
                                                  const Topology& topology, const BuildInfo& build,
                                                  const std::vector<Plugin>& plugins = {});

}  // namespace ipcmark
