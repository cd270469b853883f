// The child that loads a plug-in so that the harness need not.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "harness/availability.hpp"
#include "harness/fd_text.hpp"
#include "harness/plugin_file.hpp"
#include "harness/plugin_load.hpp"
#include "harness/plugin_traits.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

using nlohmann::json;

json describe(const std::string& path, const std::vector<std::string>& added) {
  const PluginFile file = read_plugin(path);
  json entries = json::array();
  for (const auto& name : added) entries.push_back(entry_json(*find_transport(name)));
  return {{"name", text_in(file.descriptor.name)},
          {"compiler", text_in(file.descriptor.compiler)},
          {"architecture", file.architecture},
          {"optimised", file.descriptor.optimised != 0},
          {"sanitized", file.descriptor.sanitized != 0},
          {"build_id", file.build_id},
          {"content", file.content},
          {"transports", std::move(entries)}};
}

json probe(int control_fd, const json& asked) try {
  const auto at = [&](const std::string& where) {
    write_all(control_fd, json{{"at", where}}.dump() + "\n");
  };
  const std::string path = asked.at("path");
  at("reading");
  static_cast<void>(read_plugin(path));
  at("loading");
  const auto added = load_plugin(path, asked.at("content"));
  const std::string open = asked.at("open");
  if (open.empty()) return describe(path, added);
  at("opening " + open);
  const Transport* transport = find_transport(open);
  if (transport == nullptr) return {{"refused", "no such transport"}};
  return {{"forms", availability(*transport)}};
} catch (const std::exception& error) {
  return {{"refused", error.what()}};
}

}  // namespace

int probe_plugin_main(int control_fd) {
  // The harness says in one line what came of it; a runtime's last words would be others.
  const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  ::dup2(nowhere.get(), STDOUT_FILENO), ::dup2(nowhere.get(), STDERR_FILENO);
  const json answer = probe(control_fd, json::parse(read_all(control_fd)));
  // What a plug-in calls itself may be no UTF-8.
  write_all(control_fd, answer.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  ::_exit(0);  // without the plug-in's destructors
}

}  // namespace ipcmark
