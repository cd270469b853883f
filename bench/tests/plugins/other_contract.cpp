// As a plug-in looks that was compiled against the headers of another version. Its code must never
// run: it would end the process.
#include <cstdlib>

#include "transports/plugin.hpp"

namespace {

constexpr ipcmark::PluginDescriptor of_another_version() {
  auto descriptor = ipcmark::describe_plugin("other_contract");
  ++descriptor.contract;
  return descriptor;
}

[[maybe_unused]] const bool ran = (std::_Exit(9), true);

}  // namespace

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin = of_another_version();
