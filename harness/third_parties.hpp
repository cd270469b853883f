// Processes beside the ends of a launch that take no part in its channel: bystanders, who load the
// machine, and injectors, who disturb it so many times a second. They work while something is
// measured and sleep otherwise.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "harness/case.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

class ThirdParties {
 public:
  // Starts those that the case asks for, one on each of the CPUs, bystanders first, and waits until
  // all are bound. Throws Unavailable where the kernel refuses what they do, LaunchFailed when one
  // died or is late.
  ThirdParties(const Case& point, std::vector<int> cpus, std::int64_t deadline_ns);
  ThirdParties(const ThirdParties&) = delete;
  ThirdParties& operator=(const ThirdParties&) = delete;
  ~ThirdParties();

  // From here to stop() they work. stop() throws LaunchFailed when one has died meanwhile.
  void work();
  void stop();
  // What each has done in all: for the record.
  [[nodiscard]] nlohmann::json to_json() const;

 private:
  struct Board;
  [[nodiscard]] Board& board() const;
  void require_alive() const;
  [[noreturn]] void run(std::size_t i) const;

  const Case point_;
  std::vector<int> cpus_;
  std::vector<pid_t> pids_;
  Mapping memory_;
};

}  // namespace ipcmark
