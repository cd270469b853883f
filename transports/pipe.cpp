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
#include "transports/mailbox.hpp"
#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace ipcmark {
namespace {

class Pipe {
 public:
  static constexpr Traits traits{.name = "pipe",
                                 .summary = "two anonymous pipes, one each way",
                                 .family = Family::pipe,
                                 .copies = 2,
                                 .boundaries = false,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  explicit Pipe(const Shape& shape) : shape_(shape) {
    require_atomic("pipe", shape);
    open(there_);
    open(back_);
  }

  template <Wait W>
  StreamEnd<W> client(int) {
    return {part_of(back_[0], shape_), part_of(there_[1], shape_), shape_};
  }
  template <Wait W>
  StreamEnd<W> server(int) {
    return {part_of(there_[0], shape_), part_of(back_[1], shape_), shape_};
  }

 private:
  static void open(Fd (&pair)[2]) {
    int fds[2];
    available(::pipe2(fds, O_CLOEXEC), "pipe2");
    pair[0] = Fd(fds[0]);
    pair[1] = Fd(fds[1]);
  }

  Shape shape_;
  Fd there_[2], back_[2];
};

const Register<Pipe> registered;
const Register<Hybrid<Pipe>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
