// Needs a function that nobody has.
#include "transports/plugin.hpp"

extern "C" int a_function_that_nobody_has();

extern "C" const int needed = a_function_that_nobody_has();

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
    ipcmark::describe_plugin("unresolved");
