// What `clean` asks this machine.
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>

#include "harness/clean.hpp"
#include "harness/commands.hpp"
#include "harness/journal.hpp"
#include "harness/knob_journal.hpp"
#include "harness/run.hpp"
#include "harness/run_lock.hpp"
#include "transports/private_folder.hpp"

namespace ipcmark {
namespace {

std::optional<SysvFacts> find_queue(std::int32_t key) {
  const int id = ::msgget(key, 0);
  struct msqid_ds facts {};
  if (id < 0 || ::msgctl(id, IPC_STAT, &facts) != 0) return std::nullopt;
  return SysvFacts{.id = id, .owner = facts.msg_perm.uid, .changed_s = facts.msg_ctime};
}

std::optional<SysvFacts> find_semaphores(std::int32_t key) {
  const int id = ::semget(key, 0, 0);
  struct semid_ds facts {};
  union {  // semctl(2): the caller defines it
    int val;
    struct semid_ds* buf;
  } where{.buf = &facts};
  if (id < 0 || ::semctl(id, 0, IPC_STAT, where) != 0) return std::nullopt;
  return SysvFacts{.id = id, .owner = facts.sem_perm.uid, .changed_s = facts.sem_ctime};
}

bool remove_queue(int id) { return ::msgctl(id, IPC_RMID, nullptr) == 0; }
bool remove_semaphores(int id) { return ::semctl(id, 0, IPC_RMID) == 0; }

std::optional<SysvFacts> find_segment(std::int32_t key) {
  const int id = ::shmget(key, 0, 0);
  struct shmid_ds facts {};
  if (id < 0 || ::shmctl(id, IPC_STAT, &facts) != 0) return std::nullopt;
  return SysvFacts{.id = id, .owner = facts.shm_perm.uid, .changed_s = facts.shm_ctime};
}

bool remove_segment(int id) { return ::shmctl(id, IPC_RMID, nullptr) == 0; }

// Unix time of the start of the system; 0 when the kernel does not say.
std::int64_t boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stoll(line.substr(6));
  }
  return 0;
}

// A process of that number may be another one by now: then it began after the entry was written.
bool lives(pid_t pid, std::int64_t unix_s) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return false;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return true;
  // proc(5): state follows the name in brackets, starttime is the twentieth field from there.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string state, skipped;
  fields >> state;
  for (int i = 0; i < 18; ++i) fields >> skipped;
  std::int64_t start_ticks = 0;
  fields >> start_ticks;
  const std::int64_t started_s = boot_time() + start_ticks / ::sysconf(_SC_CLK_TCK);
  constexpr std::int64_t kSlack = 2;  // of btime, which is rounded and moves with the clock
  return state != "Z" && started_s <= unix_s + kSlack;
}

// What lies in a temporary folder that was removed is gone; one that is named wrongly is told of.
std::filesystem::path temporary_folder_to_clean() try {
  return temporary_folder();
} catch (const Unavailable& why) {
  throw Refused(why.what());
}

}  // namespace

CleanWorld this_world() {
  return {.journal = journal_path(),
          .name_dirs = {"/dev/shm", "/dev/mqueue"},
          .temp_dir = temporary_folder_to_clean(),
          .proc = "/proc",
          .user = ::geteuid(),
          .now_s = std::time(nullptr),
          .sysv_kinds = {{"msg", "System V queue", &find_queue, &remove_queue},
                         {"sem", "System V semaphores", &find_semaphores, &remove_semaphores},
                         {"shm", "System V shared memory", &find_segment, &remove_segment}},
          .lives = &lives};
}

int clean_command(const Options&) {
  CleanWorld world = this_world();
  std::optional<RunLock> lock;
  try {
    lock.emplace();
    world.no_run = true;
  } catch (const std::exception&) {
    // a run lives: its folders are known by their age
  }
  const Restored restored = restore_knobs(knob_journal_path());
  for (const std::string& line : restored.lines) std::puts(line.c_str());
  const auto removed = clean(world);
  for (const std::string& line : removed) std::printf("removed %s\n", line.c_str());
  if (removed.empty() && restored.lines.empty()) std::puts("nothing to remove");
  return restored.complete ? 0 : 3;
}

}  // namespace ipcmark
