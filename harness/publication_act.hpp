// One side of a publication: the client tells, and is timed; the server reads, and answers.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "harness/effect.hpp"
#include "harness/paired.hpp"
#include "harness/publication_words.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

enum class PublicationStep : std::uint32_t { prepare, hand_over, litmus };

// What a litmus test leaves in the client's stamps: first the windows' ticks, then how often the
// two registers were old (0) or new (1): 00, 01, 10, 11. Message passing: the flag, then the data.
using Outcomes = std::array<std::uint64_t, 4>;

class PublicationAct : public Act {
 public:
  PublicationAct(const RoleContext& context, Mapping memory);
  void obey(const Order& order, Report& report) override;

 private:
  void prepare(const Order& order);
  void hand_over(const ActOrder& order);
  template <Publication P>
  void tell(std::uint64_t n);
  template <Publication P>
  void hear(std::uint64_t n, bool asked);
  template <Publication P>
  void produce(std::uint64_t n);
  template <Publication P>
  void consume(std::uint64_t n, bool asked);
  void write(std::uint64_t at, std::uint64_t value);
  void read(std::uint64_t at, std::uint64_t value, bool asked);

  template <Publication P>
  void litmus(const ActOrder& order);
  template <Publication P>
  void pass_messages(std::uint64_t pass);
  template <Publication P>
  void buffer_stores(std::uint64_t pass);
  void meet(std::uint64_t pass);
  void tally();
  void dawdle(std::uint64_t pass);
  [[nodiscard]] bool client() const { return context_.spec.role == Role::client; }
  [[nodiscard]] Word& at(std::uint64_t offset) const {
    return *reinterpret_cast<Word*>(memory_.data() + offset);
  }
  [[nodiscard]] Word& cell(std::uint64_t i, std::uint64_t word) const {
    return at(PublicationLayout::kCell + (2 * i + word) * kLineDistance);
  }
  [[nodiscard]] Word& seen(std::uint64_t i) const {
    return at(PublicationLayout::kSeen + i * sizeof(Word));
  }

  const RoleContext& context_;
  Mapping memory_;
  std::span<std::uint64_t> stamps_;
  Case point_;
  std::uint64_t words_ = 1;  // of a message
  std::uint64_t stamped_ = 0;
  std::uint64_t count_ = 0;
  std::array<std::uint64_t, 2> stale_{};  // messages told of before they were there; asked: 1
  std::array<std::uint64_t, PublicationLayout::kCells> own_{};  // what the client saw
  Outcomes outcomes_{};
  std::uint64_t link_ = 1;
};

}  // namespace ipcmark
