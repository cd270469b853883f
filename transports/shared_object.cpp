#include "transports/shared_object.hpp"

#include <sys/stat.h>

#include <string>

#include "transports/private_folder.hpp"
#include "transports/proc_number.hpp"
#include "transports/sysv_journal.hpp"
#include "transports/unpredictable.hpp"

namespace ipcmark {

namespace {

struct Size {
  std::size_t bytes;
  std::uint64_t huge;  // bytes of a page; 0: the machine's own
};

Fd open_memfd(const Size& size) {
  const unsigned huge = size.huge == 0 ? 0 : MFD_HUGETLB | huge_flag(size.huge);
  const int fd = ::memfd_create("ipcmark", MFD_CLOEXEC | huge);
  if (fd < 0 && huge != 0) {
    refused("memfd_create", errno, "page_bytes " + std::to_string(size.huge));
  }
  return Fd(available(fd, "memfd_create"));
}

// A POSIX name exists only between two lines, so nothing can outlive a killed launch for long.
Fd open_posix_shm(const std::string& prefix, const Size& size) {
  if (size.huge != 0) {
    refused("shm_open", EOPNOTSUPP,
            "page_bytes " + std::to_string(size.huge) + "; its files lie on tmpfs");
  }
  const std::string name = "/" + unpredictable(prefix) + "-shm";
  Fd fd(available(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600), "shm_open"));
  check(::shm_unlink(name.c_str()), "shm_unlink");
  return fd;
}

// In the temporary directory, or where files have huge pages, under an unpredictable name.
Fd open_mmap_file(const std::string& prefix, const Size& size) {
  if (size.huge == 0) return open_unlinked(PrivateFolder(prefix).file("memory"));
  const auto folder = hugetlbfs_of(size.huge);
  if (!folder) {
    refused("open", ENOENT,
            "page_bytes " + std::to_string(size.huge) +
                "; no hugetlbfs with such pages is mounted: mount -t hugetlbfs -o pagesize=" +
                std::to_string(size.huge) + " none DIRECTORY");
  }
  return open_unlinked(PrivateFolder(prefix, *folder).file("memory"));
}

SharedObject open_sysv_shm(const Size& size) {
  const int huge = size.huge == 0 ? 0 : SHM_HUGETLB | static_cast<int>(huge_flag(size.huge));
  const int id = try_journalled("shm", [&](key_t key) {
    return ::shmget(key, size.bytes, IPC_CREAT | IPC_EXCL | huge | 0600);
  });
  if (id < 0 && huge != 0) {
    const bool may_not = errno == EPERM;
    refused("shmget", errno,
            may_not ? "vm.hugetlb_shm_group " + proc_text("sys/vm/hugetlb_shm_group") +
                          ", needs a group of ours, or CAP_IPC_LOCK"
                    : huge_pages_needed(size.huge, size.bytes));
  }
  if (id < 0) {
    refused("shmget", errno,
            std::to_string(size.bytes) + " bytes; kernel.shmmax " + proc_text("sys/kernel/shmmax") +
                ", kernel.shmall " + proc_text("sys/kernel/shmall") + ", kernel.shmmni " +
                proc_text("sys/kernel/shmmni"));
  }
  struct Removed {
    int id;
    ~Removed() { ::shmctl(id, IPC_RMID, nullptr); }
  };
  const Removed removed{id};
  return {id, size.bytes};
}

// Huge pages are promised to a file when it is mapped, and stay so: refused here, not by a signal
// at the first touch.
void reserve_huge(const Fd& fd, const Size& size) {
  void* data = ::mmap(nullptr, size.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) {
    const bool too_few = errno == ENOMEM;
    refused("mmap", errno,
            too_few ? huge_pages_needed(size.huge, size.bytes)
                    : "page_bytes " + std::to_string(size.huge));
  }
  ::munmap(data, size.bytes);
}

}  // namespace

SharedObject open_shared_object(const Shape& shape, std::size_t bytes) {
  const std::uint64_t base = base_page_bytes();
  const std::uint64_t page = shape.page_bytes == 0 ? base : shape.page_bytes;
  const Size size{(bytes + page - 1) / page * page, page == base ? 0 : page};
  if (shape.backing == Backing::sysv_shm) return open_sysv_shm(size);
  Fd fd = shape.backing == Backing::posix_shm   ? open_posix_shm(shape.prefix, size)
          : shape.backing == Backing::mmap_file ? open_mmap_file(shape.prefix, size)
                                                : open_memfd(size);
  available(::ftruncate(fd.get(), static_cast<off_t>(size.bytes)), "ftruncate");
  if (size.huge != 0) reserve_huge(fd, size);
  return {std::move(fd), size.bytes};
}

}  // namespace ipcmark
