// Transports as every experiment runs them.
#include <memory>
#include <stdexcept>

#include "bench/micro/contenders.hpp"
#include "transports/registry.hpp"

namespace ipcmark::micro {

namespace {

// One channel, opened before the fork; each process then has its own end of it.
class Endpoint {
 public:
  Endpoint(std::string_view transport, const Traffic& traffic)
      : name_(transport), traffic_(traffic) {
    const Transport* found = find_transport(transport);
    if (found == nullptr) throw std::runtime_error("no transport " + name_);
    channel_ = found->open(traffic.shape);
  }

  void open(Role role) {
    end_ = role == Role::client ? channel_->client(0) : channel_->server(0);
    end_->reshape(traffic_.shape);
  }

  std::optional<std::uint64_t> run(Part part, std::uint64_t lead) {
    Job job{.messages = traffic_.operations + lead,
            .message_bytes = traffic_.shape.message_bytes,
            .reply_bytes = traffic_.shape.reply_bytes,
            .messages_each = traffic_.operations,
            .lead = lead,
            .first_sequence = sequence_,
            .batch = traffic_.shape.batch,
            .touch = traffic_.touch,
            .access = traffic_.shape.access};
    std::uint64_t stamps[2] = {};
    Tally tally{.stamps = stamps};
    end_->run(part, job, tally);
    sequence_ += job.messages;
    if (tally.wrong != 0) throw std::runtime_error(name_ + ": wrong payload");
    if (tally.stamped != 2) return std::nullopt;
    return stamps[1] - stamps[0];
  }

 private:
  std::string name_;
  Traffic traffic_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<End> end_;
  std::uint64_t sequence_ = 0;
};

Contender make(std::string_view transport, const Traffic& traffic, Part client, Part server,
               std::uint64_t lead) {
  // std::function copies; the copies are the same endpoint.
  const auto endpoint = std::make_shared<Endpoint>(transport, traffic);
  return {
      .name = std::string(transport),
      .operations = traffic.operations,
      .open = [=](Role role) { endpoint->open(role); },
      .run =
          [=](Role role) { return endpoint->run(role == Role::client ? client : server, lead); }};
}

}  // namespace

Contender round_trips(std::string_view transport, const Traffic& traffic) {
  return make(transport, traffic, Part::ask, Part::answer, 0);
}

Contender stream(std::string_view transport, const Traffic& traffic) {
  Traffic one_way = traffic;
  one_way.shape.reply_bytes = 0;
  return make(transport, one_way, Part::pour, Part::drain, traffic.operations / 8);
}

}  // namespace ipcmark::micro
