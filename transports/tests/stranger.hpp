// Another user of the same machine who means harm: a process of a uid of its own that tries to get
// at what a channel is made of.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "transports/posix.hpp"

namespace ipcmark::conformance {

// What the stranger may know: it sees processes, names and ports as everybody does.
struct Victim {
  std::string prefix;
  std::vector<pid_t> pids;
  // While a channel is only being opened anybody may still knock; once it is open nobody may.
  bool open = false;
};

// Attacks in a process of its own from its construction on, again and again.
class Stranger {
 public:
  explicit Stranger(Victim victim);
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger();

  // Waits until everything has been tried this often; false when that takes longer than seconds.
  [[nodiscard]] bool tried(unsigned rounds) const;
  [[nodiscard]] unsigned rounds() const;
  // What it got done, a line each; empty when nothing.
  [[nodiscard]] std::string breaches() const;

 private:
  struct Diary;

  [[noreturn]] void live();
  void got(const std::string& what);
  void attack_processes();
  void attack_files();
  void attack_file(const std::string& path);
  void attack_sysv();
  void attack_unix();
  void attack_ports(const char* table, int type);
  void squat();

  Victim victim_;
  uid_t victim_uid_;
  std::set<std::string> before_;  // System V objects that were there already
  std::set<std::string> seen_;    // names it came upon, to be taken before they come again
  Mapping shared_;
  Diary* diary_;
  pid_t pid_ = 0;
};

}  // namespace ipcmark::conformance
