// A pair of connected Unix datagram sockets.
//
// The kernel does what it does for sequenced packets: one socket buffer a message, two copies, two
// system calls, one wake-up when the receiver sleeps. Unlike datagrams over a network these are
// neither lost nor reordered: a full queue makes the sender wait. What surprises: nobody is told
// when the peer is gone: a send fails with ECONNREFUSED or ECONNRESET, but a receive waits for
// ever; and net.unix.max_dgram_qlen does not hold between two sockets that are each other's peer:
// only SO_SNDBUF makes the sender wait.
#include "transports/mailbox.hpp"
#include "transports/message_end.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"

namespace ipcmark {
namespace {

class UnixDgram {
 public:
  static constexpr Traits traits{.name = "unix_dgram",
                                 .summary = "a pair of Unix datagram sockets",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  explicit UnixDgram(const Shape& shape) : shape_(shape), pair_(open_unix_pair(SOCK_DGRAM)) {
    require_admits(pair_, shape);
  }

  template <Wait W>
  MessageEnd<W> client(int) {
    return {part_of(pair_.client, shape_), shape_};
  }
  template <Wait W>
  MessageEnd<W> server(int) {
    return {part_of(pair_.server, shape_), shape_};
  }

 private:
  Shape shape_;
  SocketPair pair_;
};

const Register<UnixDgram> registered;

}  // namespace
}  // namespace ipcmark
