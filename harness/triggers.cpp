#include "harness/triggers.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "harness/membarrier.hpp"
#include "harness/words.hpp"
#include "transports/pages.hpp"
#include "transports/private_folder.hpp"
#include "transports/shared_object.hpp"

namespace ipcmark {

namespace {

constexpr std::size_t kHugePage = 2 << 20;
constexpr int kCollapse = 25;  // MADV_COLLAPSE of Linux 6.1; Debian 12's headers lack it

Mapping anonymous(std::size_t bytes, int protection) {
  void* data = ::mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return {data, bytes};
}

class Nothing : public Blow {
 public:
  void strike() override {}
};

// Interrupts, and flushes nothing: the control.
class Barrier : public Blow {
 public:
  explicit Barrier(RoleKind peer)
      : command_(peer == RoleKind::thread ? MEMBARRIER_CMD_PRIVATE_EXPEDITED
                                          : MEMBARRIER_CMD_GLOBAL_EXPEDITED) {
    if (peer == RoleKind::thread) {
      available(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), "membarrier");
    }
  }
  void strike() override { check(membarrier(command_), "membarrier"); }

 private:
  int command_;
};

// Memory of one's own, given back: whoever runs threads of this address space is told.
class OwnMapping : public Blow {
 public:
  explicit OwnMapping(std::size_t bytes) : mapping_(anonymous(bytes, PROT_READ | PROT_WRITE)) {
    mend();
  }
  void strike() override {
    check(::madvise(mapping_.data(), mapping_.size(), MADV_DONTNEED), "madvise");
  }
  void mend() override {
    for (std::size_t i = 0; i < mapping_.size(); i += base_page_bytes()) {
      *reinterpret_cast<volatile std::byte*>(mapping_.data() + i) = std::byte{1};
    }
  }

 private:
  Mapping mapping_;
};

// The file loses its pages: every mapping that has them is walked.
class PunchHole : public Blow {
 public:
  PunchHole(const Fd& memory, std::size_t bytes) : memory_(memory), bytes_(bytes) { mend(); }
  void strike() override {
    check(::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                      static_cast<off_t>(bytes_)),
          "fallocate");
  }
  // The pages are there again whether anybody maps them or not.
  void mend() override {
    check(::fallocate(memory_.get(), 0, 0, static_cast<off_t>(bytes_)), "fallocate");
  }

 private:
  const Fd& memory_;
  std::size_t bytes_;
};

// Dirty pages are written, and must be seen when they are written again: write-protected in every
// mapping.
class Writeback : public Blow {
 public:
  Writeback(const Fd& memory, std::size_t bytes) : memory_(memory), bytes_(bytes) {}
  void strike() override {
    check(::sync_file_range(
              memory_.get(), 0, static_cast<off64_t>(bytes_),
              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER),
          "sync_file_range");
  }

 private:
  const Fd& memory_;
  std::size_t bytes_;
};

// Small pages become a huge one under whoever maps them; the file is punched to have small ones
// again.
class Collapse : public Blow {
 public:
  explicit Collapse(const Fd& memory) : memory_(memory), room_(reserve()), mapping_(mapped()) {}
  void strike() override {
    check(::madvise(mapping_.data(), mapping_.size(), kCollapse), "madvise");
  }
  void mend() override {
    check(::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                      static_cast<off_t>(kHugePage)),
          "fallocate");
  }

 private:
  // Huge pages lie at multiples of themselves.
  static Mapping reserve() { return anonymous(2 * kHugePage, PROT_NONE); }
  [[nodiscard]] Mapping mapped() const {
    const auto start = reinterpret_cast<std::uintptr_t>(room_.data());
    const std::uintptr_t at = (start + kHugePage - 1) / kHugePage * kHugePage;
    void* data = ::mmap(reinterpret_cast<void*>(at), kHugePage, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_FIXED, memory_.get(), 0);
    if (data == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    return {data, kHugePage};
  }

  const Fd& memory_;
  Mapping room_, mapping_;
};

// All nodes of this machine that have memory.
std::vector<int> nodes() {
  std::vector<int> found;
  for (int node = 0; std::filesystem::exists(fmt::format("/sys/devices/system/node/node{}", node));
       ++node) {
    found.push_back(node);
  }
  return found;
}

// Its pages go to the other node and back.
class Migration : public Blow {
 public:
  Migration(const Fd& memory, std::size_t bytes) : mapping_(memory, bytes) {
    for (std::size_t i = 0; i < bytes; i += base_page_bytes()) {
      pages_.push_back(mapping_.data() + i);
      *reinterpret_cast<volatile std::byte*>(pages_.back()) = std::byte{1};
    }
    status_.resize(pages_.size());
  }
  void strike() override {
    const auto all = nodes();
    const std::vector<int> to(pages_.size(), all[++turn_ % all.size()]);
    constexpr int kMoveAll = 4;  // MPOL_MF_MOVE_ALL: pages that others map too
    check(::syscall(SYS_move_pages, 0, pages_.size(), pages_.data(), to.data(), status_.data(),
                    kMoveAll),
          "move_pages");
  }

 private:
  Mapping mapping_;
  std::vector<void*> pages_;
  std::vector<int> status_;
  std::size_t turn_ = 0;
};

// A file on a disk: a tmpfs writes nothing back.
Fd written_file(const std::string& prefix) {
  Fd file = open_unlinked(PrivateFolder(prefix).file("sacrifice"));
  struct statfs system {};
  check(::fstatfs(file.get(), &system), "fstatfs");
  if (system.f_type == TMPFS_MAGIC) {
    throw Unavailable(
        "trigger writeback: TMPDIR lies on a tmpfs, which is never written back; set "
        "TMPDIR to a folder on a disk");
  }
  return file;
}

}  // namespace

std::size_t struck_bytes(const Case& point) {
  if (point.trigger == Trigger::collapse) return kHugePage;
  return point.flush_pages * base_page_bytes();
}

bool strikes_peer(Trigger trigger) {
  using enum Trigger;
  return trigger == punch_hole || trigger == writeback || trigger == collapse ||
         trigger == migration;
}

std::string trigger_refusal(const Case& point) {
  if (point.trigger == Trigger::migration && nodes().size() < 2) {
    return "move_pages: this machine has one NUMA node, a migration needs two";
  }
  const bool pages = point.trigger != Trigger::none && point.trigger != Trigger::membarrier;
  if (pages && struck_bytes(point) == 0) {
    return fmt::format("flush_pages 0: trigger {} strikes one page at least", word(point.trigger));
  }
  const bool mapped = strikes_peer(point.trigger) || point.trigger == Trigger::punch_untouched;
  if (mapped && point.victim == Victim::traffic) {
    return fmt::format(
        "trigger {}: a victim in traffic touches no sacrificial page; victim spin does",
        word(point.trigger));
  }
  return {};
}

Fd sacrificial_memory(const std::vector<Case>& rungs, const std::string& prefix) {
  Fd memory = rungs.front().trigger == Trigger::writeback
                  ? written_file(prefix)
                  : Fd(available(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
  std::size_t bytes = base_page_bytes();
  for (const Case& point : rungs) bytes = std::max(bytes, struck_bytes(point));
  available(::ftruncate(memory.get(), static_cast<off_t>(bytes)), "ftruncate");
  return memory;
}

std::unique_ptr<Blow> blow_of(const Case& point, const Fd& memory) {
  using enum Trigger;
  const std::size_t bytes = struck_bytes(point);
  switch (point.trigger) {
    case membarrier:
      return std::make_unique<Barrier>(point.roles);
    case own_mapping:
      return std::make_unique<OwnMapping>(bytes);
    case punch_hole:
    case punch_untouched:
      return std::make_unique<PunchHole>(memory, bytes);
    case writeback:
      return std::make_unique<Writeback>(memory, bytes);
    case collapse:
      return std::make_unique<Collapse>(memory);
    case migration:
      return std::make_unique<Migration>(memory, bytes);
    case none:
      break;
  }
  return std::make_unique<Nothing>();
}

void expect_blows(const Case& point) {
  if (point.trigger != Trigger::membarrier || point.roles == RoleKind::thread) return;
  available(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), "membarrier");
}

}  // namespace ipcmark
