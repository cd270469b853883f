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

namespace ipcmark {
namespace {

class UnixStream {
 public:
  static constexpr Traits traits{.name = "unix_stream",
                                 .summary = "a pair of Unix stream sockets",
                                 .family = Family::socket,
                                 .copies = 2,
                                 .boundaries = false};

  explicit UnixStream(const Shape& shape) : shape_(shape), pair_(open_unix_pair(SOCK_STREAM)) {}

  template <Wait W>
  SocketStreamEnd<W> client(int) {
    return socket_stream_end<W>(std::move(pair_.client), shape_);
  }
  template <Wait W>
  SocketStreamEnd<W> server(int) {
    return socket_stream_end<W>(std::move(pair_.server), shape_);
  }

 private:
  Shape shape_;
  SocketPair pair_;
};

const Register<UnixStream> registered;
const Register<Hybrid<UnixStream>> hybrid_registered;

}  // namespace
}  // namespace ipcmark
