#include "harness/plugin_load.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "harness/plugin_file.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

std::vector<std::string> registered() {
  std::vector<std::string> names;
  for (const Transport& transport : transports()) names.emplace_back(transport.traits.name);
  return names;  // sorted, as the registry is
}

// dlerror() starts with the file's name, which the reader of our line has already.
std::string load_error(const std::string& path) {
  const char* text = ::dlerror();
  std::string why = text != nullptr ? text : "dlopen failed";
  if (why.starts_with(path + ": ")) why.erase(0, path.size() + 2);
  return why;
}

void run_its_code(const std::string& path) try {
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    throw PluginRefused(load_error(path));
  }
} catch (const PluginRefused&) {
  throw;
} catch (const std::exception& error) {
  throw PluginRefused(fmt::format("threw while loading: {}", error.what()));
}

// Names stand in plans, records, file names and legends.
void require_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (!name.empty() && name.find_first_not_of(kLetters) == std::string_view::npos) return;
  throw PluginRefused("a transport's name has other letters than a-z, 0-9 and _");
}

}  // namespace

std::vector<std::string> load_plugin(const std::string& path, const std::string& content) {
  const PluginFile file = read_plugin(path);
  if (!content.empty() && file.content != content) {
    throw PluginRefused("the file has changed since the run began");
  }
  const auto before = registered();
  run_its_code(path);
  const auto after = registered();
  if (const auto twice = std::ranges::adjacent_find(after); twice != after.end()) {
    throw PluginRefused(fmt::format("its transport `{}` has the name of a built-in", *twice));
  }
  std::vector<std::string> added;
  std::ranges::set_difference(after, before, std::back_inserter(added));
  for (const std::string& name : added) require_name(name);
  if (added.empty()) throw PluginRefused("it registers no transport");
  return added;
}

}  // namespace ipcmark
