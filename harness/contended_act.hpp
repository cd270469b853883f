// One side of a contended structure: the client is timed, the server is its neighbour.
#pragma once

#include <cstdint>
#include <span>

#include "harness/chunks.hpp"
#include "harness/contended_words.hpp"
#include "harness/effect.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

enum class ContendedStep : std::uint32_t { prepare, duel };

// One window as the client leaves it in its stamps.
struct ContendedWindow {
  std::uint64_t mode = 0;
  std::uint64_t ticks = 0;
  std::uint64_t longest_chunk = 0;
  std::uint64_t peer_done = 0;  // the peer's operations meanwhile; a consumer's polls
  std::uint64_t peer_gaps = 0;
  std::uint64_t polls = 0;  // of the client itself: for room, or for an answer
};
inline constexpr std::size_t kWindowWords = sizeof(ContendedWindow) / sizeof(std::uint64_t);

// Messages of a duel in all: what the neighbour waits for where it counts them.
[[nodiscard]] std::uint64_t messages_of(const ActOrder& order);

class ContendedAct : public Act {
 public:
  ContendedAct(const RoleContext& context, Mapping words, Mapping control);
  void obey(const Order& order, Report& report) override;

 private:
  void prepare(const Order& order);
  // The client's window: `run(n)` makes n operations.
  template <class Run>
  void window(ContendedControl::Mode mode, std::uint64_t each, Run run);
  void turn(ContendedControl::Mode mode);

  void words(const ActOrder& order);
  template <Operation O>
  void attack(const ActOrder& order);
  template <Operation O>
  void accompany(const ActOrder& order);
  void publish(const ActOrder& order);
  void poll_state(const ActOrder& order);
  void produce(const ActOrder& order);
  void consume(const ActOrder& order);
  void keep(std::uint64_t value) { stamps_[stamped_++] = value; }
  [[nodiscard]] bool client() const { return context_.spec.role == Role::client; }
  [[nodiscard]] Word& at(std::uint64_t offset) const {
    return *reinterpret_cast<Word*>(words_.data() + offset);
  }

  const RoleContext& context_;
  Mapping words_, control_memory_;
  ContendedControl& control_;
  std::span<std::uint64_t> stamps_;
  Case point_;
  ContendedLayout layout_;
  std::uint64_t stamped_ = 0;
  std::uint64_t count_ = 0;  // own operations, or messages
  std::uint64_t polls_ = 0;
  std::uint64_t wrong_ = 0;
};

}  // namespace ipcmark
