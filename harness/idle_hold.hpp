#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "harness/case.hpp"

namespace ipcmark {

// The wake-up latency, us, that holds an idle axis value; none for `default`. `c1` is 2 because
// CPUs declare 1 or 2 us for C1 (and 10 or more for the next), and 0 would already mean polling.
[[nodiscard]] std::optional<std::int32_t> idle_latency_us(Idle idle) noexcept;

// Keeps all CPUs' idle states shallow while it lives, through /dev/cpu_dma_latency: the kernel
// drops the request when the descriptor closes, also after kill -9, so nothing is left behind.
class IdleHold {
 public:
  // `default_` opens nothing. Throws std::system_error with the call and the errno when the device
  // is missing or not ours to write: a result (`skipped`), not a defect.
  explicit IdleHold(Idle idle, const std::filesystem::path& device = "/dev/cpu_dma_latency");
  ~IdleHold();
  IdleHold(const IdleHold&) = delete;
  IdleHold& operator=(const IdleHold&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace ipcmark
