#include "harness/outlive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <set>

#include "harness/cast.hpp"
#include "harness/director.hpp"
#include "harness/launch.hpp"
#include "harness/launch_state.hpp"
#include "transports/posix.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

// Of this process; one more, the listing's own, is closed again.
std::set<int> descriptors_here() {
  std::set<int> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string name = entry.path().filename().string();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    all.insert(fd);
  }
  std::erase_if(all, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; });
  return all;
}

// What a channel has open in this process, which only stands by, would keep it open when the peer
// is gone: /dev/null takes its place. The channel itself stays, for it removes what it created.
void let_go(const std::set<int>& channels) {
  const Fd null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null"));
  for (const int fd : channels) check(::dup3(null.get(), fd, O_CLOEXEC), "dup3");
}

// One channel, whose server is lost.
class Loss {
 public:
  Loss(const LaunchSpec& spec, std::size_t rung, const Stage& stage, RungRecord& record)
      : spec_(spec), rung_(rung), stage_(stage), record_(record), meter_(*record.meter) {}

  void run(const std::vector<RoleContext>& contexts) {
    const Case& point = spec_.rungs[rung_];
    const std::int64_t deadline = phase_deadline_ns(spec_.settings, meter_.probe_ns());
    contexts.front().state->enter(Phase::open, monotonic_now() + deadline);
    const auto before = descriptors_here();
    auto channel = find_transport(point.transport)->open(shape_of(point, spec_.prefix));
    auto of_channel = descriptors_here();
    for (const int fd : before) of_channel.erase(fd);

    Cast cast(contexts, channel);
    cast.meet(deadline);
    record_.pids = cast.pids();
    Director(spec_, cast, stage_).reshape(rung_, meter_);
    meter_.take_probe(cast.tell_all(meter_.probe(), Phase::verify, deadline), stage_);
    let_go(of_channel);
    const auto patience = deadline + kAsked * static_cast<std::int64_t>(point.timeout_ns);
    const auto reports =
        cast.tell_losing(cast.first(Role::server), meter_.outlive(), Phase::measure, patience);
    meter_.take_outlived(reports[cast.first(Role::client)], stage_);
  }

 private:
  static constexpr std::int64_t kAsked = 10;  // more than a client asks

  const LaunchSpec& spec_;
  std::size_t rung_;
  const Stage& stage_;
  RungRecord& record_;
  RungMeter& meter_;
};

}  // namespace

void outlive(const LaunchSpec& spec, std::size_t rung, const std::vector<RoleContext>& contexts,
             const Stage& stage, RungRecord& record) {
  Loss one(spec, rung, stage, record);
  for (std::int64_t i = 0; i < kOutlived; ++i) one.run(contexts);
  record.done = true;
}

}  // namespace ipcmark
