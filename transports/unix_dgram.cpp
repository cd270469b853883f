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
#include "transports/unix_pair.hpp"

namespace ipcmark {
namespace {

struct UnixDgram {
  static constexpr Traits traits{.name = "unix_dgram",
                                 .summary = "a pair of Unix datagram sockets",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .has_buffer = true,
                                 .has_address = true,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  static SocketPair open(const Shape& shape) { return open_unix_pair(SOCK_DGRAM, shape); }
};

const Register<ConnectedSockets<UnixDgram, MessageEnd>> registered;

}  // namespace
}  // namespace ipcmark
