// Where the memory of a role lies and in which pages: facts of what the kernel gave, not of what
// was asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace ipcmark {

// Bit masks, since they travel in a fixed-size report and sizes of pages are powers of two.
struct Pages {
  std::uint64_t nodes = 0;       // bit n: NUMA node n, of the first 64
  std::uint64_t page_bytes = 0;  // every size that was seen

  Pages& operator|=(const Pages& more);
};

struct BufferPages {
  Pages own;      // anonymous memory: the payload buffers of an end are in it
  Pages shared;   // between processes: memfd, POSIX and System V objects, files of the launch
  int error = 0;  // errno of the one file that tells; then nothing is known

  BufferPages& operator|=(const BufferPages& more);
};

// From the text of /proc/PID/numa_maps; `prefix` starts the names of the launch's own files. The
// stack and mapped programs are neither.
[[nodiscard]] BufferPages parse_numa_maps(std::string_view text, std::string_view prefix);

// Of the calling process, now. Walks its page tables: outside measured windows.
[[nodiscard]] BufferPages buffer_pages_now(std::string_view prefix,
                                           const std::filesystem::path& proc = "/proc");

// The same, read again only when the process has had a page fault since: without one no page was
// added, nor moved to another node by the kernel's balancing. A ring of 100 MiB takes milliseconds
// to walk, and a launch asks after every case of its ladder.
class WatchedPages {
 public:
  [[nodiscard]] const BufferPages& now(std::string_view prefix);

 private:
  BufferPages known_;
  std::uint64_t faults_ = 0;  // of the process, when `known_` had been read; 0: never
};

// The record's fields of a role: `buffers`, or null and `buffers_missing` with the reason.
[[nodiscard]] nlohmann::json to_json(const BufferPages& pages);

}  // namespace ipcmark
