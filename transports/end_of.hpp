// The template over an end becomes the erased End here: which loop a part of a job is, and whether
// this end has the members that it needs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "transports/deal.hpp"
#include "transports/end.hpp"
#include "transports/mixture.hpp"
#include "transports/open_loop.hpp"
#include "transports/overtake.hpp"
#include "transports/patterns.hpp"
#include "transports/payload_buffers.hpp"
#include "transports/ranks.hpp"
#include "transports/transport.hpp"
#include "transports/waiting.hpp"
#include "transports/watched.hpp"
#include "transports/windowed.hpp"

namespace ipcmark {

// Throws Unavailable.
[[noreturn]] void lacks(std::string_view transport, std::string_view ability);

// kMailbox: the transport can have several producers or consumers.
template <class E, bool kMailbox>
class EndOf final : public End {
 public:
  EndOf(E end, std::string_view transport, const Shape& widest)
      : end_(std::move(end)), transport_(transport), widest_(widest) {}

  void reshape(const Shape& shape) override {
    buffers_.fit(shape, widest_);
    if constexpr (Reshapes<E>) end_.reshape(shape);
  }

  void run(Part part, const Job& job, Tally& tally) override {
    if (job.access == Access::in_place) {
      if constexpr (Loans<E>) return run_as<Access::in_place>(part, job, tally);
      lacks(transport_, "reserve/commit: access in_place");
    }
    if constexpr (Copies<E>) return run_as<Access::copy>(part, job, tally);
    lacks(transport_, "send/recv: access copy");
  }

  [[nodiscard]] std::uint64_t slots() const override {
    if constexpr (HasSlots<E>) return end_.slots();
    return 0;
  }
  [[nodiscard]] std::uint64_t buffer_bytes() const override {
    if constexpr (HasBuffer<E>) return end_.buffer_bytes();
    return 0;
  }
  [[nodiscard]] std::uint64_t page_bytes() const override {
    if constexpr (HasPages<E>) return end_.page_bytes();
    return 0;
  }

  [[nodiscard]] std::optional<std::uint64_t> drops() const override {
    if constexpr (CountsDrops<E>) return end_.drops();
    return std::nullopt;
  }

 private:
  template <Access A>
  void run_as(Part part, const Job& job, Tally& tally) {
    if constexpr (A == Access::copy && !Batches<E>) {
      if (job.batch > 1) lacks(transport_, "send_batch");
    }
    const Batch batch = buffers_.batch(job.batch);
    switch (part) {
      case Part::ask:
        return ask<A>(job, tally);
      case Part::answer:
        return job.thinks ? patterns::answer<A, true>(end_, job, buffers_.message(),
                                                      buffers_.reply(), tally)
                          : patterns::answer<A, false>(end_, job, buffers_.message(),
                                                       buffers_.reply(), tally);
      case Part::pour:
        return patterns::pour<A>(end_, job, batch, tally);
      case Part::drain:
        if constexpr (Idles<E>) {
          return patterns::drain_lossy(end_, job, batch, tally);
        } else {
          if constexpr (kMailbox) {
            if (job.shared()) return patterns::collect<A>(end_, job, buffers_.message(), tally);
          }
          return patterns::drain<A>(end_, job, batch, tally);
        }
      case Part::pace:
      case Part::absorb:
        if (part == Part::absorb && job.poll_interval_ns != 0) {
          if constexpr (A == Access::copy && ReceivesUntil<E>) {
            return patterns::glance(end_, job, buffers_.message(), tally);
          }
          lacks(transport_, "recv_until");
        }
        if constexpr (A == Access::copy) {
          if (job.mixed) {
            return part == Part::pace
                       ? patterns::pace_sizes(end_, job, buffers_.message(), tally)
                       : patterns::absorb_sizes(end_, job, buffers_.message(), tally);
          }
          if (job.received != nullptr) return watched(part, job, tally);
          return part == Part::pace ? patterns::pace(end_, job, batch, tally)
                                    : patterns::absorb(end_, job, batch, tally);
        }
        lacks(transport_, "an open loop with access in_place");
      case Part::expire:
        if constexpr (A == Access::copy && ReceivesUntil<E>) {
          return patterns::expire(end_, job, buffers_.reply(), tally);
        }
        lacks(transport_, "recv_until");
      case Part::detect:
        if constexpr (A == Access::copy && ReceivesUntil<E>) {
          return patterns::detect(end_, job, buffers_.message(), buffers_.reply(), tally);
        }
        lacks(transport_, "recv_until");
      case Part::rank:
      case Part::pick:
        if constexpr (Prioritises<E> || Types<E>) {
          return part == Part::rank ? patterns::rank(end_, job, buffers_.message(), tally)
                                    : patterns::pick(end_, job, buffers_.message(), tally);
        }
        lacks(transport_, "send_priority or message_types");
      case Part::window:
        return job.responses ? patterns::window<A, true>(end_, job, buffers_.message(),
                                                         buffers_.reply(), tally)
                             : patterns::window<A, false>(end_, job, buffers_.message(),
                                                          buffers_.reply(), tally);
      case Part::fill:
        if constexpr (TriesSend<E>) return patterns::fill(end_, job, buffers_.message(), tally);
        lacks(transport_, "try_send");
      case Part::deal:
      case Part::take:
        if constexpr (A == Access::copy) return deal_or_take(part, job, tally);
        lacks(transport_, "dealing in place");
      case Part::overtake:
      case Part::give_way:
        if constexpr (A == Access::copy) {
          const auto message = buffers_.message();
          if (part == Part::overtake ? patterns::overtake(end_, job, message, tally)
                                     : patterns::give_way(end_, job, message, tally)) {
            return;
          }
        }
        lacks(transport_, "precedence of this kind");
    }
  }

  void watched(Part part, const Job& job, Tally& tally) {
    const auto buffer = buffers_.message();
    part == Part::pace ? patterns::pace_watched(end_, job, buffer, tally)
                       : patterns::absorb_watched(end_, job, buffer, tally);
  }

  template <Access A>
  void ask(const Job& job, Tally& tally) {
    const auto message = buffers_.message();
    const auto reply = buffers_.reply();
    if (job.retries) {
      if constexpr (A == Access::copy && ReceivesUntil<E>) {
        return patterns::retry(end_, job, message, reply, tally);
      }
      lacks(transport_, "recv_until");
    }
    if (job.timeout_ns == kNever) {
      return patterns::ask<A, false>(end_, job, message, reply, tally);
    }
    if constexpr (A == Access::copy && ReceivesUntil<E>) {
      return patterns::ask<A, true>(end_, job, message, reply, tally);
    }
    lacks(transport_, "recv_until");
  }

  void deal_or_take(Part part, const Job& job, Tally& tally) {
    if (part == Part::take) return patterns::take_dealt(end_, job, buffers_.message(), tally);
    std::array<E*, kMostRoles> queues{&end_};
    std::size_t count = 0;
    for (End* queue : job.queues) queues[count++] = &static_cast<EndOf*>(queue)->end_;
    patterns::deal<E>(std::span(queues).first(std::max<std::size_t>(count, 1)), job,
                      buffers_.message(), tally);
  }

  E end_;
  std::string_view transport_;
  Shape widest_;
  PayloadBuffers buffers_;
};

}  // namespace ipcmark
