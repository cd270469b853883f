// A nameless piece of shared memory: where it comes from is the shape's backing, and how large its
// pages are the shape's page_bytes.
#pragma once

#include <sys/mman.h>
#include <sys/shm.h>

#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "transports/pages.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

// What both ends map: a descriptor, or a System V segment. A segment is removed as soon as it is
// attached here: until the last one detaches it, it can be attached by its number by us, and by
// its key by nobody.
class SharedObject {
 public:
  SharedObject() = default;
  SharedObject(Fd fd, std::size_t bytes) : fd_(std::move(fd)), bytes_(bytes) {}
  SharedObject(int segment, std::size_t bytes) : segment_(segment), bytes_(bytes) {
    attached_ = attach();
  }

  // Whole, whatever was asked for: huge pages are unmapped as wholes.
  [[nodiscard]] Mapping map() const { return segment_ < 0 ? Mapping(fd_, bytes_) : attach(); }

 private:
  // munmap detaches it, like shmdt.
  [[nodiscard]] Mapping attach() const {
    void* data = ::shmat(segment_, nullptr, 0);
    if (data == reinterpret_cast<void*>(-1)) {
      refused("shmat", errno, std::to_string(bytes_) + " bytes");
    }
    return {data, bytes_};
  }

  Fd fd_;
  int segment_ = -1;
  Mapping attached_;
  std::size_t bytes_ = 0;
};

// Created 0600, with no name left. `bytes` is a least: memory ends at the end of a page. Throws
// Unavailable where the backing, or pages of the size, cannot be had.
[[nodiscard]] SharedObject open_shared_object(const Shape& shape, std::size_t bytes);

// Touches the first `bytes` of some shared memory: the first end to do so decides which NUMA node
// they lie on, and neither end faults while it is timed. A layout that does not fit its room is a
// defect of the transport, found here before it can overrun what lies behind.
inline void prefault(std::span<std::byte> room, std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  if (bytes > room.size()) throw std::logic_error("a layout larger than its shared memory");
  for (std::size_t i = 0; i < bytes; i += kPage) {
    auto* byte = reinterpret_cast<volatile std::byte*>(&room[i]);
    *byte = *byte;
  }
}

}  // namespace ipcmark
