#include "harness/outlive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <set>

#include "harness/cast.hpp"
#include "harness/director.hpp"
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

constexpr std::int64_t kAsked = 10;  // more than a client asks

// One channel, whose server is lost.
void lose(const OwnChannel& own) {
  const Case& point = own.point();
  const std::int64_t deadline = own.open_next();
  const auto before = descriptors_here();
  auto channel = find_transport(point.transport)->open(own.shape());
  auto of_channel = descriptors_here();
  for (const int fd : before) of_channel.erase(fd);

  Cast cast(own.roles, channel);
  cast.meet(deadline);
  own.record.pids = cast.pids();
  Director(own.spec, cast, own.stage).reshape(own.rung, own.meter());
  own.meter().take_probe(cast.tell_all(own.meter().probe(), Phase::verify, deadline), own.stage);
  let_go(of_channel);
  const auto patience = deadline + kAsked * static_cast<std::int64_t>(point.timeout_ns);
  const auto reports =
      cast.tell_losing(cast.first(Role::server), own.meter().outlive(), Phase::measure, patience);
  own.meter().take_outlived(reports[cast.first(Role::client)], own.stage);
}

}  // namespace

void outlive(const OwnChannel& own) {
  for (std::int64_t i = 0; i < kOutlived; ++i) lose(own);
  own.record.done = true;
}

}  // namespace ipcmark
