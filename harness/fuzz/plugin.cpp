// What is read of a plug-in before it is loaded, and what the child that loaded it says: the input
// begins with E for the file, anything else is the child's answer.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "harness/json_text.hpp"
#include "harness/plugin_file.hpp"
#include "harness/plugin_traits.hpp"
#include "harness/words.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with('E')) {
    try {
      static_cast<void>(ipcmark::descriptor_in(text.substr(1)));
    } catch (const ipcmark::PluginRefused&) {
    }
    return 0;
  }
  try {
    const auto transport = ipcmark::transport_from_json(ipcmark::parse_json(text));
    static_cast<void>(word(transport.traits.family));
    static_cast<void>(ipcmark::entry_json(transport).dump());
  } catch (const nlohmann::json::exception&) {
  }
  return 0;
}
