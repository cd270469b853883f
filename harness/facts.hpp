#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace ipcmark {

// What the machine says of itself: every knob's raw text under a name of its own (`facts` of
// environment.json), null where the kernel has no such file or keeps it to itself. `root` prefixes
// /proc, /sys, /dev and /etc; what is no file (architecture, C library) is of the running program.
// Takes milliseconds; grows with the number of processes. Throws nothing but std::bad_alloc.
[[nodiscard]] nlohmann::json collect_facts(const std::filesystem::path& root = "/");

}  // namespace ipcmark
