#include "harness/plugins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/availability.hpp"
#include "harness/child.hpp"
#include "harness/json_text.hpp"
#include "harness/plan.hpp"
#include "harness/plugin_traits.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

using nlohmann::json;

// Loading one takes milliseconds; this is for one that hangs.
constexpr std::int64_t kProbeDeadlineNs = 5'000'000'000;

std::vector<Plugin>& admitted() {
  static std::vector<Plugin> all;
  return all;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  // One line, whatever a loader or a foreign exception writes.
  std::string line = why.substr(0, why.find('\n'));
  throw UsageError(fmt::format("--plugin {}: {}", path, line));
}

// The child's last word: an answer, or where it was when it ended.
json ask(const std::string& path, const std::string& content, const std::string& open) {
  const json question = {{"path", path}, {"content", content}, {"open", open}};
  const Heard heard = ask_child("probe-plugin", question.dump(), kProbeDeadlineNs);
  const std::size_t end = heard.text.rfind('\n');
  const std::size_t before =
      end == std::string::npos || end == 0 ? std::string::npos : heard.text.rfind('\n', end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  json last = end == std::string::npos
                  ? json()
                  : parse_json(std::string_view(heard.text).substr(begin, end - begin));
  if (!last.is_object()) last = {{"at", "starting"}};
  if (!last.contains("at") && heard.why.empty()) return last;
  const std::string how = heard.why.empty() ? "ended without an answer" : heard.why;
  const json at = last.value("at", json("leaving a process behind"));
  const std::string where = at.is_string() ? at.get<std::string>() : "starting";
  return {{"refused", fmt::format("probe: {} while {}", how, where)}};
}

void register_entry(const std::string& path, const json& entry) {
  Transport transport = transport_from_json(entry);
  const std::string name(transport.traits.name);
  if (const Plugin* other = plugin_of(name); other != nullptr) {
    refuse(path, fmt::format("its transport `{}` has the name of one of {}", name, other->path));
  }
  if (!transport.traits.carries_payload) {
    refuse(path, fmt::format("its transport `{}` carries no payload, so nothing of it could be "
                             "verified",
                             name));
  }
  register_transport(std::move(transport));
}

void admit(const std::string& given, const std::string& content) try {
  const std::string path = std::filesystem::absolute(given).lexically_normal();
  if (std::ranges::find(admitted(), path, &Plugin::path) != admitted().end()) return;
  const json answer = ask(path, content, "");
  if (answer.contains("refused")) refuse(given, answer["refused"].get<std::string>());
  Plugin plugin{.path = path,
                .name = answer.at("name"),
                .compiler = answer.at("compiler"),
                .architecture = answer.at("architecture"),
                .optimised = answer.at("optimised"),
                .sanitized = answer.at("sanitized"),
                .build_id = answer.at("build_id"),
                .content = answer.at("content"),
                .transports = {}};
  for (const json& entry : answer.at("transports")) {
    register_entry(given, entry);
    plugin.transports.push_back(entry.at("name"));
  }
  admitted().push_back(std::move(plugin));
} catch (const json::exception&) {
  refuse(given, "probe: answered what is no description of a plug-in");
}

}  // namespace

const Plugin* plugin_of(std::string_view transport) {
  for (const Plugin& plugin : admitted()) {
    if (std::ranges::find(plugin.transports, transport) != plugin.transports.end()) return &plugin;
  }
  return nullptr;
}

const std::vector<Plugin>& plugins() { return admitted(); }

void admit_plugin(const std::string& given) { admit(given, ""); }

void admit_plugins_of(const json& manifest, bool unchanged) {
  for (const json& plugin : manifest.value("plugins", json::array())) {
    bool there = true;
    for (const std::string name : plugin.at("transports")) {
      there = there && plugin_of(name) != nullptr;
    }
    if (!there) admit(plugin.at("path"), unchanged ? plugin.at("content").get<std::string>() : "");
  }
}

json availability_of_plugin(const Transport& transport) {
  const std::string name(transport.traits.name);
  const Plugin* plugin = plugin_of(name);
  const json answer = ask(plugin->path, plugin->content, name);
  const json forms = answer.value("forms", json());
  const bool whole = forms.is_array() && std::ranges::all_of(forms, [](const json& form) {
                       return form.is_object() && form.contains("variant") &&
                              form.contains("reason") && form.contains("max_bytes") &&
                              form.contains("limited_by");
                     });
  if (whole) return forms;
  const json why = answer.value("refused", json());
  return unavailable(transport, why.is_string() ? why.get<std::string>() : "probe: no answer");
}

json to_json(const Plugin& plugin) {
  return {{"path", plugin.path},
          {"name", plugin.name},
          {"transports", plugin.transports},
          {"build_id", plugin.build_id.empty() ? json() : json(plugin.build_id)},
          {"content", plugin.content},
          {"compiler", plugin.compiler},
          {"architecture", plugin.architecture},
          {"optimised", plugin.optimised},
          {"sanitized", plugin.sanitized}};
}

}  // namespace ipcmark
