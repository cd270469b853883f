// Huge pages for the length of a test, where the user may reserve them: as many as it needs, and a
// hugetlbfs that only this process sees.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "transports/pages.hpp"
#include "transports/posix.hpp"

namespace ipcmark::conformance {

// A process of its own takes these pages away when the test is done, or dead: these and not more,
// since another test may have reserved some meanwhile.
class HugePages {
 public:
  explicit HugePages(std::uint64_t pages) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    Fd closed(ends[0]);
    alive_ = Fd(ends[1]);
    guardian_ = check(::fork(), "fork");
    if (guardian_ == 0) {
      alive_ = Fd();
      char byte = 0;
      while (::read(closed.get(), &byte, 1) < 0 && errno == EINTR) {
      }
      const std::uint64_t now = reserved();
      write(now - std::min(now, pages));
      ::_exit(0);
    }
    write(reserved() + pages);  // without the right to, tests are skipped for what they then lack
    // In a mount namespace of its own nothing has to be unmounted, whatever becomes of the test.
    if (::unshare(CLONE_NEWNS) != 0) return;
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    ::mount("none", "/mnt", "hugetlbfs", 0, "pagesize=2M,mode=0700");
  }
  HugePages(const HugePages&) = delete;
  HugePages& operator=(const HugePages&) = delete;
  ~HugePages() {
    alive_ = Fd();
    ::waitpid(guardian_, nullptr, 0);
  }

 private:
  static constexpr const char* kKnob = "/proc/sys/vm/nr_hugepages";

  static std::uint64_t reserved() {
    std::uint64_t pages = 0;
    std::ifstream(kKnob) >> pages;
    return pages;
  }
  static void write(std::uint64_t value) { std::ofstream(kKnob) << value << std::flush; }

  Fd alive_;
  pid_t guardian_ = 0;
};

// Why a mapping of huge pages is a matter of luck, empty where it is not. QEMU's user mode looks
// for addresses as if all pages were small: of two mappings with a small page between, one fails. A
// test would begin by the luck of the first and end by the lack of it.
[[nodiscard]] inline std::string why_by_luck(std::uint64_t page_bytes) {
  const Fd memory(::memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | huge_flag(page_bytes)));
  if (memory.get() < 0 || ::ftruncate(memory.get(), static_cast<off_t>(page_bytes)) != 0) return {};
  std::string why;
  const auto map = [&](int fd, std::uint64_t bytes) {
    const int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
    void* data = ::mmap(nullptr, bytes, PROT_READ, flags, fd, 0);
    // Too few pages are said by the channel that wants them.
    if (data == MAP_FAILED && errno == EINVAL) why = std::string("mmap: ") + std::strerror(errno);
    return std::pair(data, bytes);
  };
  const std::pair<void*, std::uint64_t> all[] = {
      map(memory.get(), page_bytes), map(-1, base_page_bytes()), map(memory.get(), page_bytes)};
  for (const auto& [data, bytes] : all) {
    if (data != MAP_FAILED) ::munmap(data, bytes);
  }
  return why.empty() ? why : why + " (page_bytes " + std::to_string(page_bytes) + ")";
}

}  // namespace ipcmark::conformance
