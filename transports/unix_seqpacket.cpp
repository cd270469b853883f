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

namespace ipcmark {
namespace {

class UnixSeqpacket {
 public:
  static constexpr Traits traits{.name = "unix_seqpacket",
                                 .summary = "a pair of Unix sockets of sequenced packets",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  explicit UnixSeqpacket(const Shape& shape)
      : shape_(shape), pair_(open_unix_pair(SOCK_SEQPACKET)) {
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

const Register<UnixSeqpacket> registered;
const Register<Hybrid<UnixSeqpacket>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
