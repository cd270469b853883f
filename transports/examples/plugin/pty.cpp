// A pseudo-terminal in raw mode: the client writes and reads the master, the server the slave.
//
// What is written is copied into the terminal's flip buffer; a kernel worker thread hands it to the
// line discipline's 4 KiB read buffer, and the reader copies it out: two copies by the ends, one by
// the kernel's thread. The surprise is that thread: a message wakes it before it wakes the reader,
// so a sleeping pair pays two wake-ups a message, and spinning ends wait for a third party. A
// reader that does not keep up is throttled, not cut off: raw mode loses nothing. A writer is not
// told that its peer has closed: its bytes fill the buffer, and then it waits for room.
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>

#include "transports/plugin.hpp"
#include "transports/posix.hpp"
#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace {

using namespace ipcmark;

class Pty {
 public:
  static constexpr Traits traits{.name = "pty",
                                 .summary = "a pseudo-terminal in raw mode",
                                 .family = Family::pipe,
                                 .copies = 3,
                                 .boundaries = false};

  explicit Pty(const Shape& shape) : shape_(shape) {
    master_ = Fd(available(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt"));
    available(::grantpt(master_.get()), "grantpt");
    available(::unlockpt(master_.get()), "unlockpt");
    char name[64];
    if (const int error = ::ptsname_r(master_.get(), name, sizeof name); error != 0) {
      throw Unavailable(std::string("ptsname_r: ") + std::strerror(error));
    }
    slave_ = Fd(available(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), "open"));
    termios raw{};
    available(::tcgetattr(slave_.get(), &raw), "tcgetattr");
    ::cfmakeraw(&raw);
    available(::tcsetattr(slave_.get(), TCSANOW, &raw), "tcsetattr");
  }

  template <Wait W>
  StreamEnd<> client(int) {
    return end(std::move(master_));
  }
  template <Wait W>
  StreamEnd<> server(int) {
    return end(std::move(slave_));
  }

 private:
  // One descriptor, both ways.
  StreamEnd<> end(Fd fd) {
    Fd out = fd.duplicate();
    return {std::move(fd), std::move(out), shape_};
  }

  Shape shape_;
  Fd master_, slave_;
};

const Register<Pty> registered;

}  // namespace

extern "C" constinit const ipcmark::PluginDescriptor ipcmark_plugin =
    ipcmark::describe_plugin("ipcmark's example: pty");
