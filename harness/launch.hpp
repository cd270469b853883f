// One launch: a fresh process opens the channel, casts the roles, takes them through the ladder and
// writes a record per rung. Nothing that goes wrong in here reaches the harness but as a record or
// as the end of a process.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/case.hpp"
#include "harness/injection.hpp"
#include "harness/plan.hpp"
#include "harness/reading.hpp"
#include "harness/rung.hpp"
#include "transports/end.hpp"

namespace ipcmark {

// All that a launch is told; it travels as one line of JSON.
struct LaunchSpec {
  std::string launch_id;
  std::string experiment;
  std::uint32_t block = 0;
  std::uint32_t launch_order = 0;
  std::string prefix;  // starts the name of every kernel object
  std::uint64_t seed = 0;
  bool mirrored = false;
  Reading reading = Reading::times;
  std::vector<Case> rungs;
  std::string plugin = {};          // file that brings the rungs' transport; empty: built in
  std::string plugin_content = {};  // hash it must have
  int client_cpu = 0;
  int server_cpu = 0;
  std::vector<int> more_cpus;   // of the other clients, then of the other servers
  std::vector<int> third_cpus;  // of bystanders, then of injectors
  RunSettings settings;
  TimeScale scale;
  std::optional<Injection> injection;  // a fault that this launch is to suffer
  int state_fd = -1;                   // of its LaunchState; the harness's to set
};

// All rungs of a launch have the same roles: where one runs.
[[nodiscard]] int cpu_of(const LaunchSpec& spec, Role role, std::uint32_t index);

// How its roles share CPUs: `most` of them run on one.
struct Crowding {
  std::size_t roles = 0, cpus = 0, most = 0;
};
[[nodiscard]] Crowding crowding_of(const LaunchSpec& spec);

[[nodiscard]] nlohmann::json to_json(const LaunchSpec& spec);
[[nodiscard]] LaunchSpec launch_spec_from_json(const nlohmann::json& json);

// The order in which a ladder's rungs are visited: seeded; mirrored neighbours as A B B A.
[[nodiscard]] std::vector<std::size_t> visit_order(const LaunchSpec& spec);

// Why a rung cannot be had here; empty when it can. Tries to open the channel.
[[nodiscard]] std::string refusal(const Case& point, const std::string& prefix);

// A channel for cases like this one, or one for each consumer. Throws Unavailable.
[[nodiscard]] std::unique_ptr<Channel> open_channel(const Case& point, const Shape& widest);

// The widest shape of some rungs: what their common channel is opened for.
[[nodiscard]] Shape widest_shape(const std::vector<Case>& rungs, const std::string& prefix);

// The launch process: reads its spec from the socket, writes records to it, returns the exit
// status.
int launch_main(int control_fd);

}  // namespace ipcmark
