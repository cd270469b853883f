#include "harness/call_tracepoint.hpp"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "harness/text_file.hpp"

namespace ipcmark {

namespace {

// 40 B an event: 200,000 calls while the reader waits for a CPU.
constexpr std::size_t kRingBytes = 8 << 20;
// The reader looks so often whether there is something, and whether it was abandoned.
constexpr int kLookMs = 1;

std::string text_or_unavailable(const std::string& path) {
  if (auto text = read_text(path)) return *text;
  throw Unavailable(fmt::format("tracefs: {}: {}", path, std::strerror(errno)));
}

std::uint64_t number_behind(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return 0;
  return std::strtoull(std::string(line.substr(at + key.size())).c_str(), nullptr, 10);
}

int open_event(const SysExit& sys_exit, pid_t thread) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = sys_exit.id;
  attr.sample_period = 1;
  attr.sample_type = PERF_SAMPLE_RAW;
  const long fd = ::syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd >= 0) return static_cast<int>(fd);
  const int error = errno;
  const auto level = read_text("/proc/sys/kernel/perf_event_paranoid").value_or("not there");
  throw Unavailable(fmt::format("perf_event_open: {} (kernel.perf_event_paranoid {})",
                                std::strerror(error), trimmed(level)));
}

Mapping map_ring(const Fd& event) {
  const std::size_t bytes = kRingBytes + static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, event.get(), 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    const auto limit = read_text("/proc/sys/kernel/perf_event_mlock_kb").value_or("not there");
    throw Unavailable(fmt::format("mmap of the events: {} (kernel.perf_event_mlock_kb {})",
                                  std::strerror(error), trimmed(limit)));
  }
  return {data, bytes};
}

template <class Value>
Value value_at(const std::vector<std::byte>& bytes, std::size_t at) {
  Value value{};
  if (at + sizeof value > bytes.size()) throw std::runtime_error("a system call's event is short");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

const std::vector<std::string>& tracefs_folders() {
  static const std::vector<std::string> all{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
  return all;
}

std::size_t offset_of_long(std::string_view format, std::string_view field) {
  for (const std::string_view line : lines_of(format)) {
    if (line.find(fmt::format(" {};", field)) == std::string_view::npos) continue;
    if (number_behind(line, "size:") != sizeof(long)) break;
    return number_behind(line, "offset:");
  }
  throw Unavailable(fmt::format("tracefs: raw_syscalls/sys_exit has no long `{}`", field));
}

SysExit find_sys_exit(const std::vector<std::string>& tracefs) {
  const auto there = std::ranges::find_if(tracefs, [](const std::string& folder) {
    std::error_code ignored;
    return std::filesystem::exists(folder + "/events/raw_syscalls/sys_exit/id", ignored);
  });
  const std::string folder = (there != tracefs.end() ? *there : tracefs.front()) +  // or say why
                             "/events/raw_syscalls/sys_exit";
  const std::string id = text_or_unavailable(folder + "/id");
  const std::string format = text_or_unavailable(folder + "/format");
  return {.id = std::strtoull(id.c_str(), nullptr, 10),
          .number_at = offset_of_long(format, "id"),
          .result_at = offset_of_long(format, "ret")};
}

CallStream::CallStream(const SysExit& sys_exit, pid_t thread)
    : sys_exit_(sys_exit), event_(open_event(sys_exit, thread)), ring_(map_ring(event_)) {}

SystemCalls CallStream::follow(const std::atomic<bool>& abandoned) {
  bool ended = false;  // the thread, seen before the last look
  while (drain() && !ended && !abandoned.load(std::memory_order_relaxed)) {
    pollfd event{.fd = event_.get(), .events = POLLIN, .revents = 0};
    ::poll(&event, 1, kLookMs);
    ended = (event.revents & POLLHUP) != 0;
    // What lies in the ring already makes poll return at once.
    if ((event.revents & POLLIN) != 0) ::poll(nullptr, 0, kLookMs);
  }
  return log_.calls();
}

bool CallStream::drain() {
  auto* page = reinterpret_cast<perf_event_mmap_page*>(ring_.data());
  // Pairs with the kernel's release of what it wrote before data_head.
  const std::uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
  std::uint64_t tail = page->data_tail;  // ours alone
  bool more = true;
  while (more && tail != head) {
    const auto header = value_at<perf_event_header>(take(tail, sizeof(perf_event_header)), 0);
    if (header.type == PERF_RECORD_LOST) {
      throw std::runtime_error("system calls came faster than they could be counted");
    }
    if (header.type == PERF_RECORD_SAMPLE) more = take_sample(take(tail, header.size));
    tail += header.size;
  }
  // The kernel may write there again: after the last read of it.
  __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
  return more;
}

std::vector<std::byte> CallStream::take(std::uint64_t at, std::size_t bytes) const {
  const std::byte* data = ring_.data() + (ring_.size() - kRingBytes);
  const std::size_t from = at % kRingBytes;
  const std::size_t first = std::min(bytes, kRingBytes - from);
  std::vector<std::byte> taken(data + from, data + from + first);
  taken.insert(taken.end(), data, data + (bytes - first));
  return taken;
}

bool CallStream::take_sample(const std::vector<std::byte>& record) {
  const std::size_t raw = sizeof(perf_event_header) + sizeof(std::uint32_t);  // behind its size
  return log_.note(value_at<long>(record, raw + sys_exit_.number_at),
                   value_at<long>(record, raw + sys_exit_.result_at));
}

}  // namespace ipcmark
