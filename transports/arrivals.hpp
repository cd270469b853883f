// What a receiver knows of a sender whose messages may be lost, repeated or late: a gap is a loss
// until a late message fills it. Sequences are remembered for as long as kRemembered newer ones;
// what comes later than that stays lost and counts as a repetition.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "transports/end.hpp"

namespace ipcmark {

class Arrivals {
 public:
  static constexpr std::uint64_t kRemembered = 4096;

  explicit Arrivals(std::uint64_t count) : end_(count) {}

  // Positions are counted from 0; false when there is no such.
  [[nodiscard]] bool note(std::uint64_t sequence) noexcept {
    if (sequence == next_ && sequence < end_) [[likely]] {
      mark(next_++);
      ++received_;
      return true;
    }
    if (sequence >= end_) return false;
    if (sequence > next_) {
      skip_to(sequence);
      return note(sequence);
    }
    if (next_ - sequence > kRemembered || marked(sequence)) {
      ++duplicated_;
    } else {
      mark(sequence);
      ++received_, ++reordered_, --lost_;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  // The last one is here. Messages of one sender to one socket do not overtake each other on one
  // machine, so what is missing by then is lost.
  [[nodiscard]] bool complete() const noexcept { return next_ == end_; }

  // What did not come until now does not come.
  void finish(Tally& tally) noexcept {
    tally.messages += received_;
    tally.lost += lost_ + (end_ - next_);
    tally.duplicated += duplicated_;
    tally.reordered += reordered_;
  }

 private:
  static constexpr std::uint64_t kBits = 64;

  void skip_to(std::uint64_t sequence) noexcept {
    lost_ += sequence - next_;
    if (sequence - next_ >= kRemembered) {
      seen_ = {};
    } else {
      for (std::uint64_t gap = next_; gap < sequence; ++gap) word(gap) &= ~bit(gap);
    }
    next_ = sequence;
  }
  void mark(std::uint64_t sequence) noexcept { word(sequence) |= bit(sequence); }
  [[nodiscard]] bool marked(std::uint64_t sequence) noexcept {
    return (word(sequence) & bit(sequence)) != 0;
  }
  [[nodiscard]] std::uint64_t& word(std::uint64_t sequence) noexcept {
    return seen_[sequence / kBits % seen_.size()];
  }
  [[nodiscard]] static std::uint64_t bit(std::uint64_t sequence) noexcept {
    return std::uint64_t{1} << sequence % kBits;
  }

  std::uint64_t next_ = 0, end_;
  std::uint64_t received_ = 0, lost_ = 0, duplicated_ = 0, reordered_ = 0;
  std::array<std::uint64_t, kRemembered / kBits> seen_{};
};

// All producers of a job, of which each sends every producers-th sequence.
class ArrivalsOfAll {
 public:
  explicit ArrivalsOfAll(const Job& job)
      : first_(job.first_sequence),
        producers_(job.producers),
        each_(job.producers, Arrivals(job.messages / job.producers)) {}

  // False when the job has no such message. One of an earlier job, where it was counted as lost, is
  // only late.
  [[nodiscard]] bool note(std::uint64_t sequence) noexcept {
    if (sequence < first_) return ++late_, true;
    Arrivals& arrivals = each_[(sequence - first_) % producers_];
    const std::uint64_t before = arrivals.received();
    const bool complete = arrivals.complete();
    if (!arrivals.note((sequence - first_) / producers_)) return false;
    received_ += arrivals.received() - before;
    complete_ += arrivals.complete() && !complete;
    return true;
  }

  // What comes next where one producer sends everything.
  [[nodiscard]] std::uint64_t expected() const noexcept { return first_ + each_.front().next(); }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] bool complete() const noexcept { return complete_ == producers_; }

  void finish(Tally& tally) noexcept {
    for (Arrivals& arrivals : each_) arrivals.finish(tally);
    tally.reordered += late_;
  }

 private:
  std::uint64_t first_;
  std::uint64_t producers_;
  std::uint64_t received_ = 0, complete_ = 0, late_ = 0;
  std::vector<Arrivals> each_;
};

}  // namespace ipcmark
