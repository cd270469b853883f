// Where transports enter themselves, and where the template over an end becomes the erased End.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transports/deal.hpp"
#include "transports/end.hpp"
#include "transports/mixture.hpp"
#include "transports/overtake.hpp"
#include "transports/patterns.hpp"
#include "transports/ranks.hpp"
#include "transports/transport.hpp"
#include "transports/waiting.hpp"
#include "transports/watched.hpp"
#include "transports/windowed.hpp"

namespace ipcmark {

// One registered mechanism. `open` throws Unavailable where it cannot be had.
struct Transport {
  Traits traits;
  std::vector<Wait> waits;             // wait policies it has ends for
  std::vector<std::string> abilities;  // as the concepts of transport.hpp find them
  std::unique_ptr<Channel> (*open)(const Shape& widest) = nullptr;

  [[nodiscard]] bool has(std::string_view ability) const {
    return std::ranges::find(abilities, ability) != abilities.end();
  }
};

// Sorted by name.
[[nodiscard]] const std::vector<Transport>& transports();
// nullptr when there is none of that name.
[[nodiscard]] const Transport* find_transport(std::string_view name);
void register_transport(Transport transport);

// Page-aligned, touched, with headroom in front: the payload buffers of an end.
class PayloadBuffers {
 public:
  void fit(const Shape& shape, const Shape& widest);

  [[nodiscard]] std::span<std::byte> message() const {
    return {messages_.get() + kFront, message_bytes_};
  }
  [[nodiscard]] std::span<std::byte> reply() const { return {reply_.get() + kFront, reply_bytes_}; }
  [[nodiscard]] Batch batch(std::uint32_t count) const {
    return {messages_.get() + kFront, count, message_bytes_, message_bytes_};
  }

 private:
  // Headroom, and two lines beyond a page: with its header at the end of a page a hybrid's frame
  // met `rep movsb` at its slowest (a target a little behind its source, modulo 4096): a pipe's 32
  // KiB cost twice what they do here.
  static constexpr std::size_t kFront = 4096 + 128;
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  using Memory = std::unique_ptr<std::byte, Free>;
  static void grow(Memory& memory, std::size_t& have, std::size_t want);

  Memory messages_, reply_;
  std::size_t messages_room_ = 0, reply_room_ = 0;
  std::size_t message_bytes_ = 0, reply_bytes_ = 0;
};

[[nodiscard]] constexpr bool is_mailbox(const Traits& traits) {
  return traits.most_producers > 1 || traits.most_consumers > 1;
}

[[noreturn]] void lacks(std::string_view transport, std::string_view ability);
// Throws Unavailable for a shape beyond what the transport says it can ever carry, and for an axis
// that it has nothing to set by.
void require_admits(const Traits& traits, const Shape& widest);

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
        if (job.thinks) {
          return patterns::ponder<A>(end_, job, buffers_.message(), buffers_.reply(), tally);
        }
        return patterns::answer<A>(end_, job, buffers_.message(), buffers_.reply(), tally);
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

template <class T, Wait W>
concept MakesEnds = requires(T transport) {
  transport.template client<W>(0);
  transport.template server<W>(0);
};
template <class T, Wait W>
using EndType = decltype(std::declval<T&>().template client<W>(0));

// A template over Wait makes an end for any policy; one that waits by readiness needs a descriptor
// to be told of.
template <class T, Wait W>
concept HasEnds = MakesEnds<T, W> &&(!kByReadiness<W> || HasDescriptor<EndType<T, W>>);

template <class T>
class ChannelOf final : public Channel {
 public:
  explicit ChannelOf(const Shape& widest) : transport_(widest), widest_(widest) {}

  std::unique_ptr<End> client(int index) override {
    return erase([&]<Wait W>() { return transport_.template client<W>(index); });
  }
  std::unique_ptr<End> server(int index) override {
    return erase([&]<Wait W>() { return transport_.template server<W>(index); });
  }

 private:
  template <class Make>
  std::unique_ptr<End> erase(Make make) {
    switch (widest_.wait) {
      case Wait::spin:
        return with<Wait::spin>(make);
      case Wait::yield:
        return with<Wait::yield>(make);
      case Wait::spin_then_block:
        return with<Wait::spin_then_block>(make);
      case Wait::block:
        return with<Wait::block>(make);
      case Wait::poll:
        return with<Wait::poll>(make);
      case Wait::epoll:
        return with<Wait::epoll>(make);
    }
    std::abort();
  }
  template <Wait W, class Make>
  std::unique_ptr<End> with(Make& make) {
    if constexpr (HasEnds<T, W>) {
      auto end = make.template operator()<W>();
      return std::make_unique<EndOf<decltype(end), is_mailbox(T::traits)>>(std::move(end),
                                                                           T::traits.name, widest_);
    } else {
      lacks(T::traits.name, "ends for this wait policy");
    }
  }

  T transport_;
  Shape widest_;
};

// `const Register<T> registered;` at the end of a transport's file.
template <class T>
class Register {
 public:
  Register() {
    Transport entry{.traits = T::traits, .waits = {}, .abilities = {}, .open = &open};
    note<Wait::spin>(entry), note<Wait::yield>(entry);
    note<Wait::spin_then_block>(entry), note<Wait::block>(entry);
    note<Wait::poll>(entry), note<Wait::epoll>(entry);
    register_transport(std::move(entry));
  }

 private:
  static std::unique_ptr<Channel> open(const Shape& widest) {
    require_admits(T::traits, widest);
    return std::make_unique<ChannelOf<T>>(widest);
  }
  template <Wait W>
  static void note(Transport& entry) {
    if constexpr (HasEnds<T, W>) {
      using E = EndType<T, W>;
      static_assert(T::traits.lossy == Idles<E>, "who loses messages must tell when to stop");
      if (entry.waits.empty()) {
        if (Copies<E>) entry.abilities.emplace_back("copy");
        if (Loans<E>) entry.abilities.emplace_back("in_place");
        if (Batches<E>) entry.abilities.emplace_back("send_batch");
        if (ReceivesUntil<E>) entry.abilities.emplace_back("recv_until");
        if (TriesSend<E>) entry.abilities.emplace_back("try_send");
        if (Prioritises<E>) entry.abilities.emplace_back("send_priority");
        if (Types<E>) entry.abilities.emplace_back("message_types");
      }
      entry.waits.push_back(W);
    }
  }
};

}  // namespace ipcmark
