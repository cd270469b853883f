#include "transports/pages.hpp"

#include <sys/vfs.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace ipcmark {

std::string huge_pages_needed(std::uint64_t page_bytes, std::size_t bytes) {
  const std::string folder =
      "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(page_bytes / 1024) + "kB/";
  const auto number = [&](const char* file) {
    std::uint64_t value = 0;
    std::ifstream(folder + file) >> value;
    return value;
  };
  const std::uint64_t all = number("nr_hugepages");
  const std::uint64_t free = number("free_hugepages");
  const std::uint64_t unpromised = free - std::min(free, number("resv_hugepages"));
  const std::uint64_t pages = bytes / page_bytes;
  return "page_bytes " + std::to_string(page_bytes) + "; vm.nr_hugepages " + std::to_string(all) +
         ", needs " + std::to_string(all + pages - std::min(pages, unpromised));
}

std::optional<std::string> hugetlbfs_of(std::uint64_t page_bytes) {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, folder, type;
    struct statfs facts {};
    words >> device >> folder >> type;
    if (type == "hugetlbfs" && ::statfs(folder.c_str(), &facts) == 0 &&
        static_cast<std::uint64_t>(facts.f_bsize) == page_bytes) {
      return folder;
    }
  }
  return std::nullopt;
}

std::uint64_t page_bytes_of(const void* data) {
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long long from = 0, to = 0, kibibytes = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx ", &from, &to) == 2) {
      const auto at = reinterpret_cast<std::uintptr_t>(data);
      inside = from <= at && at < to;
    } else if (inside && std::sscanf(line.c_str(), "KernelPageSize: %llu kB", &kibibytes) == 1) {
      return kibibytes * 1024;
    }
  }
  return 0;
}

}  // namespace ipcmark
