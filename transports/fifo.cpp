// Two named pipes, one each way.
//
// Once open, a FIFO is a pipe: the same buffer of 16 pages, two copies, two system calls and, when
// the reader sleeps, one wake-up. What surprises: its inode lies on a file system, and a transfer
// updates that inode's times (seen on Linux 6.18, where an anonymous pipe's stay as they were),
// which costs a little and depends on the file system of the temporary folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "transports/mailbox.hpp"
#include "transports/registry.hpp"
#include "transports/stream_end.hpp"

namespace ipcmark {
namespace {

// A folder of our own, 0700, so that nobody else can open what is in it; gone with this object.
class PrivateFolder {
 public:
  explicit PrivateFolder(const std::string& prefix)
      : path_(std::filesystem::temp_directory_path() / (prefix + "-XXXXXX")) {
    if (::mkdtemp(path_.data()) == nullptr) available(-1, "mkdtemp");
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  ~PrivateFolder() { ::rmdir(path_.c_str()); }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class Fifo {
 public:
  static constexpr Traits traits{.name = "fifo",
                                 .summary = "two named pipes, one each way",
                                 .family = Family::pipe,
                                 .copies = 2,
                                 .boundaries = false,
                                 .most_producers = kMostRoles,
                                 .most_consumers = kMostRoles};

  explicit Fifo(const Shape& shape) : shape_(shape) {
    require_atomic("fifo", shape);
    const PrivateFolder folder(shape.prefix);
    open(folder.file("there"), there_);
    open(folder.file("back"), back_);
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
  // Not blocking, because either open would wait for the other; the end sets what it wants. The
  // name is gone before anything is thrown.
  static void open(const std::string& path, Fd (&pair)[2]) {
    available(::mkfifo(path.c_str(), 0600), "mkfifo");
    pair[0] = Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (pair[0]) pair[1] = Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    const int error = errno;
    check(::unlink(path.c_str()), "unlink");
    errno = error;
    available(pair[1].get(), "open");
  }

  Shape shape_;
  Fd there_[2], back_[2];
};

const Register<Fifo> registered;

}  // namespace
}  // namespace ipcmark
