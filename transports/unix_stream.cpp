// A pair of connected Unix stream sockets.
//
// A send allocates one or more socket buffers, copies the payload into them and hangs them on the
// peer's queue: no protocol, no packets. A receive copies out and frees them: two copies, two
// system calls and, when the receiver sleeps, one wake-up. What surprises: SO_SNDBUF (208 KiB by
// default) counts what the buffers occupy, not the payload, so a few hundred small messages fill
// it, where a pipe takes 64 KiB of them; each small message costs an allocation and a free; and a
// poll for room does not return before three quarters of it are free again.
#include "transports/hybrid.hpp"
#include "transports/registry.hpp"
#include "transports/socket.hpp"
#include "transports/unix_pair.hpp"

namespace ipcmark {
namespace {

struct UnixStream {
  static constexpr Traits traits{.name = "unix_stream",
                                 .summary = "a pair of Unix stream sockets",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .boundaries = false,
                                 .has_buffer = true,
                                 .has_address = true};

  static SocketPair open(const Shape& shape) { return open_unix_pair(SOCK_STREAM, shape); }
};

using ConnectedUnixStream = ConnectedSockets<UnixStream, UnixStreamEnd>;
const Register<ConnectedUnixStream> registered;
const Register<Hybrid<ConnectedUnixStream>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
