// Loading a plug-in: in a launch, and in the child that probes it; nowhere else.
#pragma once

#include <string>
#include <vector>

namespace ipcmark {

// Checks the file, then runs its code; its transports are registered from then on. Returns their
// names. `content`, if not empty, is the hash that the file must have. Throws PluginRefused.
std::vector<std::string> load_plugin(const std::string& path, const std::string& content);

// The child behind `ipcmark probe-plugin`: reads {"path", "content", "open"} from the socket and
// writes what it finds, a line of JSON each: where it is ("at"), and at last what the plug-in is or
// why it is refused. Returns the exit status.
int probe_plugin_main(int control_fd);

}  // namespace ipcmark
