// The two sides of a trigger: the client strikes, the server is struck; or both exchange messages
// and the client strikes between them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/effect.hpp"
#include "harness/triggers.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

enum class ShootStep : std::uint32_t { prepare, strike, verify, traffic };

// How the two find each other's turn, in memory of their own.
struct ShootControl {
  struct alignas(kLineDistance) Line {
    std::atomic<std::uint64_t> turn;
  };
  std::array<Line, kMostRoles> ready;  // each victim's: it has its pages, and waits for this blow
  Line done;                           // the initiator's: this blow has been struck
};

// Stamps of one blow: the initiator's and the victim's.
struct BlowTicks {
  std::uint64_t strike = 0;
  std::uint64_t mend = 0;
};
struct StruckTicks {
  std::uint64_t stall = 0;   // the longest gap of a loop that only reads the clock
  std::uint64_t refill = 0;  // one chase through the working set, after the blow
  std::uint64_t touch = 0;   // its pages again
};

// One window of traffic, as the client leaves it.
struct TrafficWindow {
  std::uint64_t struck = 0;  // whether blows fell in it
  std::uint64_t ticks = 0;
  std::uint64_t events = 0;
  std::uint64_t longest = 0;  // burst of messages, or blow: an interruption shows
};

template <class Stamp>
inline constexpr std::size_t kStampWords = sizeof(Stamp) / sizeof(std::uint64_t);

// Messages that are compared byte by byte before any is timed.
inline constexpr std::uint64_t kComparedFirst = 64;
// Of one traffic order, in all.
[[nodiscard]] std::uint64_t traffic_messages(const ActOrder& order);

class ShootAct : public Act {
 public:
  // `end` where there is traffic, else null.
  ShootAct(const RoleContext& context, const Fd& memory, Mapping control, std::unique_ptr<End> end);
  void obey(const Order& order, Report& report) override;

 private:
  void prepare(const Order& order);
  void await_victims(std::uint64_t turn) const;
  void strike(const ActOrder& order);
  void suffer(const ActOrder& order);
  [[nodiscard]] std::uint64_t longest_gap(std::uint64_t turn) const;
  void sleep_through(std::uint64_t turn) const;
  void touch();
  void chase();
  void send_traffic(const ActOrder& order);
  void take_traffic(const ActOrder& order);
  // Our part of `count` messages; at a stream's slower end with its work on each.
  void messages(std::uint64_t count, std::uint64_t work_steps);
  void exchange(std::uint64_t count, bool verify);
  TrafficWindow window(const ActOrder& order, bool struck);
  template <class Stamp>
  void keep(const Stamp& stamp);
  [[nodiscard]] bool client() const { return context_.spec.role == Role::client; }

  const RoleContext& context_;
  const Fd& memory_;
  Mapping control_memory_;
  ShootControl& control_;
  std::unique_ptr<End> end_;
  std::span<std::uint64_t> stamps_;
  Case point_;
  std::unique_ptr<Blow> blow_;
  std::vector<Mapping> mapped_;         // the struck pages, in the victim
  std::vector<std::uint64_t> working_;  // a ring of pointers, a line of each page
  std::uint64_t at_ = 0;                // where the chase is
  std::uint64_t work_ = 3;              // a chain's link: the bottleneck's work
  std::uint64_t stamped_ = 0, sequence_ = 0, count_ = 0, wrong_ = 0;
};

}  // namespace ipcmark
