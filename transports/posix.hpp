// Owners and checks for what the kernel hands out.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "transports/transport.hpp"

namespace ipcmark {

// Throws std::system_error "call: errno text" when a call has returned -1.
template <class Result>
Result check(Result result, const char* call) {
  if (result == static_cast<Result>(-1))
    throw std::system_error(errno, std::generic_category(), call);
  return result;
}

// While a channel is opened a refusal means "not available here", whatever its errno.
template <class Result>
Result available(Result result, const std::string& call) {
  if (result == static_cast<Result>(-1)) throw Unavailable(call + ": " + std::strerror(errno));
  return result;
}

// The same with what was asked and the limit it met: "mq_open: Invalid argument (message_bytes
// 65536; fs.mqueue.msgsize_max 8192)".
[[noreturn]] inline void refused(const char* call, int error, const std::string& why) {
  throw Unavailable(std::string(call) + ": " + std::strerror(error) + " (" + why + ")");
}

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] Fd duplicate() const {
    return Fd(check(::fcntl(fd_, F_DUPFD_CLOEXEC, 3), "fcntl"));
  }
  void set_nonblocking(bool on) const {
    const int flags = check(::fcntl(fd_, F_GETFL), "fcntl");
    check(::fcntl(fd_, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), "fcntl");
  }

 private:
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd_ = -1;
};

// A shared mapping of a descriptor. Each end makes its own, so addresses differ as between real
// peers; pages are not touched here.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Fd& fd, std::size_t bytes)
      : bytes_(bytes),
        data_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0)) {
    if (data_ == MAP_FAILED) {
      data_ = nullptr;
      throw std::system_error(errno, std::generic_category(), "mmap");
    }
  }
  // Takes over what is mapped already.
  Mapping(void* data, std::size_t bytes) : bytes_(bytes), data_(data) {}
  Mapping(Mapping&& other) noexcept
      : bytes_(std::exchange(other.bytes_, 0)), data_(std::exchange(other.data_, nullptr)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, bytes_);
  }

  [[nodiscard]] std::byte* data() const { return static_cast<std::byte*>(data_); }
  [[nodiscard]] std::size_t size() const { return bytes_; }
  [[nodiscard]] std::span<std::byte> bytes() const { return {data(), bytes_}; }

 private:
  std::size_t bytes_ = 0;
  void* data_ = nullptr;
};

[[nodiscard]] inline std::int64_t monotonic_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

[[nodiscard]] inline timespec to_timespec(std::int64_t ns) noexcept {
  return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}

// A signal does not end it.
inline void sleep_until(std::int64_t monotonic_ns) noexcept {
  const timespec until = to_timespec(monotonic_ns);
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

// Time left until a deadline, not below zero, for calls that take a relative timeout.
[[nodiscard]] inline timespec remaining(Deadline deadline) noexcept {
  const std::int64_t left = deadline.monotonic_ns - monotonic_now();
  return to_timespec(left > 0 ? left : 0);
}

// For calls that take an absolute CLOCK_REALTIME. Not before the deadline: the time left is taken
// before the time it is added to.
[[nodiscard]] inline timespec realtime(Deadline deadline) noexcept {
  const std::int64_t left = deadline.monotonic_ns - monotonic_now();
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return to_timespec(now.tv_sec * 1'000'000'000 + now.tv_nsec + left);
}

[[nodiscard]] inline bool passed(Deadline deadline) noexcept {
  return monotonic_now() >= deadline.monotonic_ns;
}

// A deadline for a spin budget; the only use a transport's file has for time is to wait.
[[nodiscard]] inline Deadline deadline_in(std::uint64_t ns) noexcept {
  return {monotonic_now() + static_cast<std::int64_t>(ns)};
}

}  // namespace ipcmark
