// A pair of connected Unix sockets of sequenced packets.
//
// Like a Unix stream, but a message is one socket buffer and arrives as one: two copies, two system
// calls, one wake-up when the receiver sleeps, and no reassembly. What surprises: the whole message
// must fit into SO_SNDBUF at once (default: 212,960 B of payload), larger ones are refused with
// EMSGSIZE; a message of many pages is allocated in one go while the sender waits; and
// net.unix.max_dgram_qlen does not hold between two sockets that are each other's peer: only
// SO_SNDBUF makes the sender wait.
#include "transports/hybrid.hpp"
#include "transports/mailbox.hpp"
#include "transports/message_end.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"
#include "transports/unix_pair.hpp"

namespace ipcmark {
namespace {

struct UnixSeqpacket {
  static constexpr Traits traits{.name = "unix_seqpacket",
                                 .summary = "a pair of Unix sockets of sequenced packets",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .has_buffer = true,
                                 .has_address = true,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  static SocketPair open(const Shape& shape) { return open_unix_pair(SOCK_SEQPACKET, shape); }
};

using ConnectedUnixSeqpacket = ConnectedSockets<UnixSeqpacket, MessageEnd>;
const Register<ConnectedUnixSeqpacket> registered;
const Register<Hybrid<ConnectedUnixSeqpacket>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
