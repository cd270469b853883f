// Removes what killed runs left behind, and nothing else: an object goes only when it bears our
// name or is in our journal, is ours, and no living process has it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ipcmark {

// What the kernel says of a System V object.
struct SysvFacts {
  int id = 0;
  uid_t owner = 0;
  std::int64_t changed_s = 0;  // created, or its limits or owner set, at this Unix time
};

// A kind of System V object, as the journal calls it.
struct SysvKind {
  std::string kind;  // "msg"
  std::string name;  // for people
  std::function<std::optional<SysvFacts>(std::int32_t key)> find;
  std::function<bool(int id)> remove;
};

// Where to look and whom to ask: this machine, or a test's invention.
struct CleanWorld {
  std::filesystem::path journal;                 // empty: none
  std::vector<std::filesystem::path> name_dirs;  // POSIX shared memory and queues
  std::string prefix = "ipcmark-";               // of the names that are looked at
  bool no_run = false;  // the machine's run lock is ours: what bears a run's name is nobody's
  std::int64_t folder_age_s = 60;  // a folder that is younger may be a living launch's
  std::filesystem::path temp_dir;  // private folders of FIFOs and sockets
  std::filesystem::path proc;
  uid_t user = 0;
  std::int64_t now_s = 0;
  std::vector<SysvKind> sysv_kinds;
  // Whether the process that wrote an entry at this time is still there.
  std::function<bool(pid_t pid, std::int64_t unix_s)> lives;
};

[[nodiscard]] CleanWorld this_world();

// One line for each thing that was removed. Entries whose object may still be wanted stay in the
// journal.
[[nodiscard]] std::vector<std::string> clean(const CleanWorld& world);

}  // namespace ipcmark
