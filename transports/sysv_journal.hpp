// What must survive a killed launch: a System V object has no name that tells whose it is and lives
// until IPC_RMID, so its key is written down before it is created. `ipcmark clean` reads the
// journal.
#pragma once

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "transports/posix.hpp"

namespace ipcmark {

// Appends "<kind> <key, hexadecimal> <pid> <unix time>" to the file that IPCMARK_JOURNAL names;
// where none is named nothing is kept. One write: launches may share the file. Kinds: msg, sem,
// shm.
inline void journal_key(const char* kind, key_t key) {
  const char* path = std::getenv("IPCMARK_JOURNAL");
  if (path == nullptr || *path == '\0') return;
  const Fd file(check(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600),
                      "open IPCMARK_JOURNAL"));
  char line[64];
  const int length =
      std::snprintf(line, sizeof line, "%s %08x %d %lld\n", kind, static_cast<unsigned>(key),
                    static_cast<int>(::getpid()), static_cast<long long>(std::time(nullptr)));
  const ssize_t written =
      check(::write(file.get(), line, static_cast<std::size_t>(length)), "write IPCMARK_JOURNAL");
  if (written != length) {
    throw std::system_error(ENOSPC, std::generic_category(), "write IPCMARK_JOURNAL");
  }
}

// The id of a new object under a random key that nobody has, or -1 and errno: get(key) is msgget,
// semget or shmget with IPC_CREAT | IPC_EXCL. A random key, not IPC_PRIVATE: a journal can only
// tell of what has a key.
template <class Get>
[[nodiscard]] int try_journalled(const char* kind, Get get) {
  for (;;) {
    key_t key = 0;
    check(::getrandom(&key, sizeof key, 0), "getrandom");
    if (key == IPC_PRIVATE) continue;
    journal_key(kind, key);
    const int id = get(key);
    if (id >= 0 || errno != EEXIST) return id;
  }
}

// The same for those of which no refusal says more than its errno.
template <class Get>
[[nodiscard]] int create_journalled(const char* kind, const char* call, Get get) {
  return available(try_journalled(kind, get), call);
}

}  // namespace ipcmark
