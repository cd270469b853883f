// A PMU that is not here: perf/NAME.txt says which machine it is, what its events counted, and what
// it refuses. Software events stay the kernel's.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/counter_names.hpp"
#include "harness/perf_events.hpp"

namespace ipcmark {

class RecordedPerf : public PerfEvents {
 public:
  // Beside this program: the build links the folder.
  explicit RecordedPerf(const std::string& name) : kernel_(perf_events()) {
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "perf";
    std::ifstream file(folder / (name + ".txt"));
    if (!file) throw std::runtime_error("no recorded PMU " + (folder / name).string());
    for (std::string line; std::getline(file, line);) take(line);
  }

  [[nodiscard]] PerfFacts facts() const override { return facts_; }

  [[nodiscard]] int open(const perf_event_attr& attr, int leader) override {
    const int paranoid = facts_.paranoid.empty() ? -1 : std::stoi(facts_.paranoid);
    if (paranoid >= 3 || (paranoid == 2 && attr.exclude_kernel == 0)) return -EACCES;
    if (attr.type == PERF_TYPE_SOFTWARE) return kernel_.open(attr, leader);
    const auto found = events_.find({attr.type, attr.config});
    if (!facts_.has_pmu || found == events_.end()) return -ENOENT;
    if (found->second.error != 0) return -found->second.error;
    if (leader >= 0 && groups_[leader].size() >= counters_) return -EINVAL;
    const int fd = ::dup(STDERR_FILENO);
    const std::uint64_t counted = (attr.exclude_user != 0 ? 0 : found->second.user) +
                                  (attr.exclude_kernel != 0 ? 0 : found->second.kernel);
    if (leader < 0) groups_[fd].clear();  // a descriptor's number comes again
    groups_[leader < 0 ? fd : leader].push_back(counted);
    return fd;
  }
  void start(int leader) override {
    if (!groups_.contains(leader)) kernel_.start(leader);
  }
  void stop(int leader) override {
    if (!groups_.contains(leader)) kernel_.stop(leader);
  }
  [[nodiscard]] std::size_t read(int leader, std::span<std::uint64_t> words) override {
    if (!groups_.contains(leader)) return kernel_.read(leader, words);
    const auto& group = groups_[leader];
    words[0] = group.size();
    words[1] = kEnabledNs;
    words[2] = static_cast<std::uint64_t>(share_ * static_cast<double>(kEnabledNs));
    for (std::size_t i = 0; i < group.size(); ++i) {
      words[3 + i] = static_cast<std::uint64_t>(share_ * static_cast<double>(group[i]));
    }
    return 3 + group.size();
  }

 private:
  static constexpr std::uint64_t kEnabledNs = 1'000'000;
  struct Event {
    std::uint64_t user = 0, kernel = 0;
    int error = 0;
  };

  void take(const std::string& line) {
    std::istringstream words(line);
    std::string key, event, outcome;
    if (!(words >> key) || key.starts_with('#')) return;
    if (key == "pmus") {
      for (std::string pmu; words >> pmu;) facts_.pmus.push_back(pmu);
    } else if (key == "has_pmu") {
      words >> facts_.has_pmu;
    } else if (key == "hypervisor") {
      words >> facts_.hypervisor;
    } else if (key == "paranoid") {
      words >> facts_.paranoid;
    } else if (key == "nmi_watchdog") {
      words >> facts_.nmi_watchdog;
    } else if (key == "counters") {
      words >> counters_;
    } else if (key == "share") {
      words >> share_;
    } else if (key == "event" || key == "refuse") {
      words >> event;
      const auto colons = event.find("::");
      const auto code = event_code(event.substr(0, colons), event.substr(colons + 2));
      if (!code) throw std::runtime_error("libpfm4 does not know " + event);
      Event& known = events_[{code->type, code->config}];
      if (key == "event") words >> known.user >> known.kernel;
      if (key == "refuse") words >> outcome, known.error = outcome == "ENOENT" ? ENOENT : EINVAL;
    } else {
      throw std::runtime_error("a recorded PMU says: " + line);
    }
  }

  PerfEvents& kernel_;
  PerfFacts facts_;
  std::size_t counters_ = 4;
  double share_ = 1;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Event> events_;
  std::map<int, std::vector<std::uint64_t>> groups_;
};

}  // namespace ipcmark
