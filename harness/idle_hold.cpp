#include "harness/idle_hold.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace ipcmark {
namespace {

[[noreturn]] void fail(int error, const char* call, const std::filesystem::path& device) {
  throw std::system_error(error, std::generic_category(),
                          std::string(call) + ' ' + device.string());
}

}  // namespace

std::optional<std::int32_t> idle_latency_us(Idle idle) noexcept {
  switch (idle) {
    case Idle::default_:
      return std::nullopt;
    case Idle::c1:
      return 2;
    case Idle::polling:
      return 0;
  }
  return std::nullopt;
}

IdleHold::IdleHold(Idle idle, const std::filesystem::path& device) {
  const auto latency_us = idle_latency_us(idle);
  if (!latency_us) return;
  fd_ = ::open(device.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd_ < 0) fail(errno, "open", device);
  const ssize_t written = ::write(fd_, &*latency_us, sizeof(*latency_us));
  if (written == sizeof(*latency_us)) return;
  const int error = written < 0 ? errno : EIO;
  ::close(fd_);
  fail(error, "write", device);
}

IdleHold::~IdleHold() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace ipcmark
