// A nameless piece of shared memory: where it comes from is the shape's backing.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>

#include <span>
#include <stdexcept>
#include <string>

#include "transports/posix.hpp"

namespace ipcmark {

// Created 0600; a POSIX name exists only between two lines, so nothing can outlive a killed launch
// for long.
[[nodiscard]] inline Fd open_shared_object(const Shape& shape, std::size_t bytes) {
  Fd fd;
  switch (shape.backing) {
    case Backing::none:
    case Backing::memfd:
      fd = Fd(available(::memfd_create("ipcmark", MFD_CLOEXEC), "memfd_create"));
      break;
    case Backing::posix_shm: {
      const std::string name = "/" + shape.prefix + "-shm";
      fd = Fd(available(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600), "shm_open"));
      check(::shm_unlink(name.c_str()), "shm_unlink");
      break;
    }
  }
  available(::ftruncate(fd.get(), static_cast<off_t>(bytes)), "ftruncate");
  return fd;
}

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
