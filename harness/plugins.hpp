// Transports built outside this tree, as the harness knows them: what a child said that loaded
// them. No code of theirs is ever in the harness's own process.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ipcmark {

struct Transport;

struct Plugin {
  std::string path = {};  // absolute
  std::string name = {};  // what its descriptor says, as the following
  std::string compiler = {};
  std::string architecture = {};
  bool optimised = true;
  bool sanitized = false;
  std::string build_id = {};  // empty if it was linked without
  std::string content = {};   // hash of the file
  std::vector<std::string> transports = {};
};

// Those admitted so far.
[[nodiscard]] const std::vector<Plugin>& plugins();
// The one that brings a transport; nullptr for a built-in.
[[nodiscard]] const Plugin* plugin_of(std::string_view transport);

// Probes the file in a child with a deadline and registers its transports as entries without code.
// One that is admitted already is left alone. Throws UsageError: one line that says which file and
// what is wrong with it.
void admit_plugin(const std::string& path);
// The plug-ins of a run's manifest, before its plan is read. With `unchanged` their files must be
// what they were. Throws UsageError.
void admit_plugins_of(const nlohmann::json& manifest, bool unchanged);

// What `availability` says of a plug-in's transport, found by a child.
[[nodiscard]] nlohmann::json availability_of_plugin(const Transport& transport);

// For manifest.json: results/README.md.
[[nodiscard]] nlohmann::json to_json(const Plugin& plugin);

}  // namespace ipcmark
