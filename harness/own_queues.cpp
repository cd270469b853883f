#include "harness/own_queues.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ipcmark {

namespace {

// What each of the channels is asked for: one consumer.
Shape one_of(Shape shape) {
  shape.consumers = 1;
  return shape;
}

class OwnQueue final : public End {
 public:
  explicit OwnQueue(std::unique_ptr<End> end) : end_(std::move(end)) {}

  void reshape(const Shape& shape) override { end_->reshape(one_of(shape)); }
  void run(Part part, const Job& job, Tally& tally) override { end_->run(part, job, tally); }
  [[nodiscard]] std::uint64_t slots() const override { return end_->slots(); }
  [[nodiscard]] std::uint64_t buffer_bytes() const override { return end_->buffer_bytes(); }
  [[nodiscard]] std::uint64_t page_bytes() const override { return end_->page_bytes(); }
  [[nodiscard]] std::optional<std::uint64_t> drops() const override { return end_->drops(); }

 private:
  std::unique_ptr<End> end_;
};

// The producer's. All its ends are of one type, which the first relies on.
class AllQueues final : public End {
 public:
  explicit AllQueues(std::vector<std::unique_ptr<End>> ends) : ends_(std::move(ends)) {
    for (const auto& end : ends_) all_.push_back(end.get());
  }

  void reshape(const Shape& shape) override {
    for (const auto& end : ends_) end->reshape(one_of(shape));
  }
  void run(Part part, const Job& job, Tally& tally) override {
    Job all = job;
    all.queues = all_;
    ends_.front()->run(part, all, tally);
  }
  [[nodiscard]] std::uint64_t slots() const override { return ends_.front()->slots(); }
  [[nodiscard]] std::uint64_t buffer_bytes() const override {
    return ends_.front()->buffer_bytes();
  }
  [[nodiscard]] std::uint64_t page_bytes() const override { return ends_.front()->page_bytes(); }
  [[nodiscard]] std::optional<std::uint64_t> drops() const override {
    return ends_.front()->drops();
  }

 private:
  std::vector<std::unique_ptr<End>> ends_;
  std::vector<End*> all_;
};

class OwnQueues final : public Channel {
 public:
  explicit OwnQueues(std::vector<std::unique_ptr<Channel>> channels)
      : channels_(std::move(channels)) {}

  std::unique_ptr<End> client(int) override {
    std::vector<std::unique_ptr<End>> ends;
    for (const auto& channel : channels_) ends.push_back(channel->client(0));
    return std::make_unique<AllQueues>(std::move(ends));
  }
  std::unique_ptr<End> server(int index) override {
    return std::make_unique<OwnQueue>(channels_.at(static_cast<std::size_t>(index))->server(0));
  }

 private:
  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace

std::unique_ptr<Channel> open_own_queues(const Transport& transport, const Shape& widest) {
  std::vector<std::unique_ptr<Channel>> channels;
  for (std::uint32_t i = 0; i < widest.consumers; ++i) {
    channels.push_back(transport.open(one_of(widest)));
  }
  return std::make_unique<OwnQueues>(std::move(channels));
}

}  // namespace ipcmark
