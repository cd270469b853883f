// Huge pages: how they are asked for, why there are none, and what was got.
#pragma once

#include <unistd.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ipcmark {

[[nodiscard]] inline std::uint64_t base_page_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// The size's logarithm where memfd_create, mmap and shmget look for it (MFD_HUGE_SHIFT and its two
// namesakes are all 26).
[[nodiscard]] inline unsigned huge_flag(std::uint64_t page_bytes) {
  return static_cast<unsigned>(std::countr_zero(page_bytes)) << 26;
}

// "page_bytes 2097152; vm.nr_hugepages 0, needs 3": what there is, and the value that would do.
[[nodiscard]] std::string huge_pages_needed(std::uint64_t page_bytes, std::size_t bytes);

// Where a file gets such pages; nothing where no such file system is mounted.
[[nodiscard]] std::optional<std::string> hugetlbfs_of(std::uint64_t page_bytes);

// The pages that a mapping has, as the kernel says (smaps: KernelPageSize); 0 where it does not.
[[nodiscard]] std::uint64_t page_bytes_of(const void* data);

}  // namespace ipcmark
