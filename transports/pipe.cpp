// Two anonymous pipes, one each way.
//
// The kernel copies the payload into pages of the pipe's buffer and out again: two copies, two
// system calls and, when the reader sleeps, one wake-up. The buffer holds 16 pages by default; a
// larger message fills it and the writer sleeps until the reader has made room, so large messages
// move in pieces. Writes up to PIPE_BUF are atomic: up to there a pipe
// is also a mailbox, of which each reader takes whole messages.
#include <fcntl.h>
#include <unistd.h>

#include "transports/hybrid.hpp"
#include "transports/pipe_pair.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

struct AnonymousPipes {
  static constexpr Traits traits{.name = "pipe",
                                 .summary = "two anonymous pipes, one each way",
                                 .family = Family::pipe,
                                 .copies = 2,
                                 .boundaries = false,
                                 .has_buffer = true,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  static PipeFds open(const std::string&) {
    int fds[2];
    available(::pipe2(fds, O_CLOEXEC), "pipe2");
    return {Fd(fds[0]), Fd(fds[1])};
  }
};

using Pipe = TwoPipes<AnonymousPipes>;
const Register<Pipe> registered;
const Register<Hybrid<Pipe>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
