// Two named pipes, one each way.
//
// Once open, a FIFO is a pipe: the same buffer of 16 pages, two copies, two system calls and, when
// the reader sleeps, one wake-up. What surprises: its inode lies on a file system, and a transfer
// updates that inode's times (seen on Linux 6.18, where an anonymous pipe's stay as they were),
// which costs a little and depends on the file system of the temporary folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transports/pipe_pair.hpp"
#include "transports/private_folder.hpp"
#include "transports/registry.hpp"

namespace ipcmark {
namespace {

struct NamedPipes {
  static constexpr Traits traits{.name = "fifo",
                                 .summary = "two named pipes, one each way",
                                 .family = Family::pipe,
                                 .copies = 2,
                                 .boundaries = false,
                                 .has_buffer = true,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  // Not blocking, because either open would wait for the other; the end sets what it wants. The
  // name is gone before anything is thrown.
  static PipeFds open(const std::string& prefix) {
    const PrivateFolder folder(prefix);
    const std::string path = folder.file("fifo");
    available(::mkfifo(path.c_str(), 0600), "mkfifo");
    PipeFds fds{Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)), {}};
    if (fds.read) fds.write = Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    const int error = errno;
    check(::unlink(path.c_str()), "unlink");
    errno = error;
    available(fds.write.get(), "open");
    return fds;
  }
};

const Register<TwoPipes<NamedPipes>> registered;

}  // namespace
}  // namespace ipcmark
