#include "bench/micro/trips.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <map>
#include <numeric>
#include <span>
#include <stdexcept>

#include "bench/micro/duel.hpp"
#include "transports/posix.hpp"
#include "transports/registry.hpp"
#include "transports/ticks.hpp"

namespace ipcmark::micro {

namespace {

// The two meet over a pipe of their own: they may share a CPU, where spinning takes a slice a turn.
class Meeting {
 public:
  Meeting() {
    check(::pipe2(to_server_.data(), O_CLOEXEC), "pipe2");
    check(::pipe2(to_client_.data(), O_CLOEXEC), "pipe2");
  }
  void tell(Role whom) {
    check(::write(whom == Role::server ? to_server_[1] : to_client_[1], "", 1), "write");
  }
  void await(Role me) {
    char byte;
    check(::read(me == Role::server ? to_server_[0] : to_client_[0], &byte, 1), "read");
  }

 private:
  std::array<int, 2> to_server_{}, to_client_{};
};

Shape shape_of(const TripOptions& options) {
  return {.message_bytes = options.message_bytes,
          .reply_bytes = options.message_bytes,
          .wait = options.wait};
}

// Ten per cent to warm up, then all; each round trip is stamped.
void play(End& end, Role role, const TripOptions& options, std::span<std::uint64_t> stamps) {
  const std::uint64_t warm_up = options.count / 10 + 1;
  Job job{.messages = warm_up,
          .message_bytes = options.message_bytes,
          .reply_bytes = options.message_bytes,
          .touch = Touch::none};
  const Part part = role == Role::client ? Part::ask : Part::answer;
  for (const std::uint64_t messages : {warm_up, options.count}) {
    Tally tally{.stamps = stamps};
    job.messages = messages;
    end.run(part, job, tally);
  }
}

[[noreturn]] void serve(Channel& channel, Meeting& meeting, const TripOptions& options) {
  try {
    check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
    pin(options.cpus[1]);
    const auto end = channel.server(0);
    meeting.await(Role::server);
    end->reshape(shape_of(options));
    meeting.tell(Role::client);
    play(*end, Role::server, options, {});
    ::_exit(0);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "server: %s\n", e.what());
    ::_exit(1);
  }
}

void print(const TripOptions& options, std::span<std::uint64_t> stamps, double total_ns) {
  const auto ticks = static_cast<double>(stamps.back() - stamps.front());
  std::adjacent_difference(stamps.begin(), stamps.end(), stamps.begin());
  const auto trips = stamps.subspan(1);
  const auto middle = trips.begin() + static_cast<std::ptrdiff_t>(trips.size() / 2);
  std::ranges::nth_element(trips, middle);
  std::printf("{\"transport\": \"%s\", \"mean_ns\": %.1f, \"p50_ns\": %.1f}\n",
              options.transport.c_str(), total_ns / static_cast<double>(trips.size()),
              static_cast<double>(*middle) * total_ns / ticks);
}

}  // namespace

void add_options(CLI::App& app, TripOptions& options) {
  const std::map<std::string, Wait> waits{{"spin", Wait::spin},
                                          {"yield", Wait::yield},
                                          {"spin_then_block", Wait::spin_then_block},
                                          {"block", Wait::block}};
  app.add_option("--transport", options.transport)->capture_default_str();
  app.add_option("--wait", options.wait)->transform(CLI::CheckedTransformer(waits));
  app.add_option("--message-bytes", options.message_bytes)->capture_default_str();
  app.add_option("--count", options.count, "round trips")
      ->check(CLI::Range(10, 100'000'000))
      ->capture_default_str();
  app.add_option("--cpus", options.cpus, "of the client and of the server")
      ->delimiter(',')
      ->expected(2)
      ->required();
}

void run_trips(const TripOptions& options) {
  const Transport* transport = find_transport(options.transport);
  if (transport == nullptr) throw std::runtime_error("no transport " + options.transport);
  const auto channel = transport->open(shape_of(options));
  Meeting meeting;
  const pid_t server = check(::fork(), "fork");
  if (server == 0) serve(*channel, meeting, options);
  pin(options.cpus[0]);
  const auto end = channel->client(0);
  end->reshape(shape_of(options));
  meeting.tell(Role::server);
  meeting.await(Role::client);
  std::vector<std::uint64_t> stamps(options.count + 2);
  const auto before = ticks::now();
  const auto before_ns = monotonic_now();
  play(*end, Role::client, options, stamps);
  const auto ns = static_cast<double>(monotonic_now() - before_ns);
  const auto scale = ns / static_cast<double>(ticks::now() - before);
  int status = 0;
  check(::waitpid(server, &status, 0), "waitpid");
  if (status != 0) throw std::runtime_error("the server failed");
  print(options, std::span(stamps).first(options.count + 1),
        static_cast<double>(stamps[options.count] - stamps[0]) * scale);
}

}  // namespace ipcmark::micro
