// A descriptor, and no transport.
#include "transports/plugin.hpp"

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
    ipcmark::describe_plugin("empty");
