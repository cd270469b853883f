// What channels leave on the machine while they are open, and the reasons why they do not open.
#pragma once

#include <sys/sem.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "transports/tests/conformance.hpp"
#include "transports/tests/table.hpp"

namespace ipcmark::conformance {

inline std::string refusal(const Transport& transport, const Shape& widest) {
  try {
    (void)transport.open(widest);
    return {};
  } catch (const Unavailable& reason) {
    return reason.what();
  }
}

inline std::string refusal(const char* name, std::uint64_t message_bytes,
                           std::uint64_t reply_bytes) {
  return refusal(
      *find_transport(name),
      {.message_bytes = message_bytes, .reply_bytes = reply_bytes, .prefix = test_prefix()});
}

inline std::size_t names_left(const std::filesystem::path& folder) {
  std::error_code none;  // a folder that is not there holds nothing
  return static_cast<std::size_t>(std::ranges::count_if(
      std::filesystem::directory_iterator(folder, none), [](const auto& entry) {
        const std::string name = entry.path().filename().string();
        return name.starts_with(test_prefix()) || name.starts_with("sem." + test_prefix());
      }));
}

inline std::size_t names_left() {
  return names_left("/dev/shm") + names_left("/dev/mqueue") +
         names_left(std::filesystem::temp_directory_path());
}

// System V queues that this process was the last to write to; the probe of the size makes it so.
inline std::size_t queues_left() {
  constexpr std::size_t kLastSender = 5;
  return static_cast<std::size_t>(std::ranges::count_if(
      rows("/proc/sysvipc/msg"),
      [&](const auto& row) { return row.at(kLastSender) == std::to_string(::getpid()); }));
}

// System V segments that this process made: those that still have a key, or all.
enum class Segments { named, all };
inline std::size_t segments_left(Segments which) {
  constexpr std::size_t kCreator = 4;
  return static_cast<std::size_t>(
      std::ranges::count_if(rows("/proc/sysvipc/shm"), [&](const auto& row) {
        return row.at(kCreator) == std::to_string(::getpid()) &&
               (which == Segments::all || row.front() != "0");
      }));
}

// System V semaphores whose value this process was the last to set; setting them up makes it so.
inline std::size_t semaphores_left() {
  return static_cast<std::size_t>(std::ranges::count_if(
      rows("/proc/sysvipc/sem"),
      [](const auto& row) { return ::semctl(std::stoi(row.at(1)), 0, GETPID) == ::getpid(); }));
}

inline std::size_t sysv_left() {
  return queues_left() + semaphores_left() + segments_left(Segments::all);
}

}  // namespace ipcmark::conformance
