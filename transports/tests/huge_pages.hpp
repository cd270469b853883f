// Huge pages for the length of a test, where the user may reserve them: as many as it needs, and a
// hugetlbfs that only this process sees.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cstdint>
#include <fstream>

namespace ipcmark::conformance {

class HugePages {
 public:
  explicit HugePages(std::uint64_t pages) {
    std::ifstream(kKnob) >> before_;
    raised_ = write(before_ + pages);
    // In a mount namespace of its own nothing has to be unmounted, whatever becomes of the test.
    if (::unshare(CLONE_NEWNS) != 0) return;
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    ::mount("none", "/mnt", "hugetlbfs", 0, "pagesize=2M,mode=0700");
  }
  HugePages(const HugePages&) = delete;
  HugePages& operator=(const HugePages&) = delete;
  ~HugePages() {
    if (raised_) write(before_);
  }

 private:
  static constexpr const char* kKnob = "/proc/sys/vm/nr_hugepages";

  static bool write(std::uint64_t value) {
    std::ofstream file(kKnob);
    file << value << std::flush;
    return file.good();
  }

  std::uint64_t before_ = 0;
  bool raised_ = false;
};

}  // namespace ipcmark::conformance
