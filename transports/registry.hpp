// Where transports enter themselves: all that a transport's file needs of the rest.
#pragma once

#include <cstdlib>
#include <memory>
#include <utility>

#include "transports/end_of.hpp"
#include "transports/registered.hpp"
#include "transports/transport.hpp"

namespace ipcmark {

[[nodiscard]] constexpr bool is_mailbox(const Traits& traits) {
  return traits.most_producers > 1 || traits.most_consumers > 1;
}

// Throws Unavailable for a shape beyond what the transport says it can ever carry, and for an axis
// that it has nothing to set by.
void require_admits(const Traits& traits, const Shape& widest);

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
